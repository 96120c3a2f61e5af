"""A hub on this machine: the part of the Hugging Face hub's HTTP interface that zooctl uses.

Repositories with commits; revisions, tree, files with ETag, commit and linked headers, ranges, LFS
files through a redirect to another host name, creation, preupload, LFS batch, and commits with a
check of the parent. ``hub.mode`` makes it fail in one of the ways that clients must survive.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

LFS = (".onnx", ".safetensors", ".png")
PORTAL = b"<html><body>Welcome to the airport. Please log in.</body></html>"
TOKEN = "hf_CanaryCanaryCanaryCanaryCanary42"


@dataclass
class Repo:
    """A repository; ``refs`` name commits, ``commits`` hold whole trees."""

    access: str = "open"  # or gated, granted to who logs in, private, disabled
    refs: dict[str, str] = field(default_factory=dict)
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def commit(self, files: dict[str, bytes], ref: str = "main") -> str:
        """Put files on top of a branch; return the new commit."""
        parent = self.refs.get(ref, self.refs.get("main", ""))
        tree = {**self.commits.get(parent, {}), **files}
        names = sorted((path, hashlib.sha1(data).hexdigest()) for path, data in tree.items())
        revision = hashlib.sha1(json.dumps([parent, len(self.commits), names]).encode()).hexdigest()
        self.commits[revision] = tree
        self.refs[ref] = revision
        return revision


class Hub(ThreadingHTTPServer):
    """The server.

    Attributes:
        repos: Name to repository.
        renamed: Old name to new name.
        mode: How it fails: ``sound``, or a method ``mode_…`` of the handler.
        asked: Every request: method and path, without the query.
        tokens: Host name to the authorization headers that were sent to it.
        uploaded: LFS objects by sha256.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repos: dict[str, Repo] = {}
        self.renamed: dict[str, str] = {}
        self.mode = "sound"
        self.asked: list[str] = []
        self.tokens: dict[str, set[str]] = {}
        self.uploaded: dict[str, bytes] = {}
        self.over = threading.Event()
        self.guard = threading.Lock()
        self.failures = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing, since clients hang up on purpose."""


@contextmanager
def local_hub() -> Iterator[Hub]:
    """Run a hub while the block runs."""
    hub = Hub()
    thread = threading.Thread(target=hub.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.over.set()
        hub.shutdown()
        hub.server_close()
        thread.join()


class _Refused(Exception):
    def __init__(self, status: int, code: str = "", message: str = "", **headers: str) -> None:
        self.status, self.code, self.message, self.headers = status, code, message, headers


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def log_message(self, format: str, *args: object) -> None:
        pass

    def handle_any(self) -> None:
        split = urlsplit(self.path)
        self.route, self.query = unquote(split.path), parse_qs(split.query)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        host = self.headers["Host"].split(":")[0]
        with self.server.guard:
            self.server.asked.append(f"{self.command} {self.route}")
            if token := self.headers.get("Authorization"):
                self.server.tokens.setdefault(host, set()).add(token)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            try:
                getattr(self, f"mode_{self.server.mode}")()
            except _Refused as error:
                named = {"X-Error-Code": error.code, "X-Error-Message": error.message}
                self.send(error.status, b"{}", {**named, **error.headers})

    do_GET = do_HEAD = do_POST = do_PUT = handle_any

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_json(self, value: object, status: int = 200) -> None:
        self.send(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    # ---- sound answers

    def mode_sound(self) -> None:
        for pattern, answer in (
            (r"/api/models/([^/]+/[^/]+)/revision/(.+)", self.info),
            (r"/api/models/([^/]+/[^/]+)/tree/([^/]+).*", self.tree),
            (r"/api/models/([^/]+/[^/]+)/preupload/(.+)", self.preupload),
            (r"/api/models/([^/]+/[^/]+)/commit/(.+)", self.commit),
            (r"/api/models/([^/]+/[^/]+)", lambda repo: self.info(repo, "main")),
            (r"/api/repos/create", self.create),
            (r"/api/validate-yaml", self.validate),
            (r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch", self.batch),
            (r"/upload/([0-9a-f]{64})", self.upload),
            (r"/cdn/([0-9a-f]{64})", self.cdn),
            (r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self.resolve),
        ):
            if match := re.fullmatch(pattern, self.route):
                answer(*match.groups())  # type: ignore[operator]
                return
        raise _Refused(404)

    def repo(self, name: str) -> Repo:
        if name in self.server.renamed:
            where = self.path.replace(name, self.server.renamed[name])
            raise _Refused(307, Location=where)
        token = self.headers.get("Authorization")
        repo = self.server.repos.get(name)
        if repo is None:
            code = "RepoNotFound"
            raise _Refused(404 if token else 401, code, "Repository not found")
        if repo.access == "disabled":
            raise _Refused(403, "", "Access to this resource is disabled.")
        if repo.access == "private" and token is None:
            raise _Refused(401, "RepoNotFound", "Invalid username or password.")
        if repo.access == "gated" or (repo.access == "granted" and token is None):
            raise _Refused(403 if token else 401, "GatedRepo", "Access to model is restricted.")
        return repo

    def tree_of(self, name: str, revision: str) -> tuple[str, dict[str, bytes]]:
        repo = self.repo(name)
        commit = repo.refs.get(revision, revision)
        if commit not in repo.commits:
            raise _Refused(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return commit, repo.commits[commit]

    def info(self, name: str, revision: str) -> None:
        repo = self.repo(name)
        if not repo.commits:
            self.send_json({"id": name, "modelId": name, "sha": None, "siblings": []})
            return
        commit, files = self.tree_of(name, revision)
        siblings = [{"rfilename": path, "size": len(data)} for path, data in files.items()]
        self.send_json({"id": name, "modelId": name, "sha": commit, "siblings": siblings})

    def tree(self, name: str, revision: str) -> None:
        _, files = self.tree_of(name, revision)
        self.send_json(
            [
                {"type": "file", "path": path, "size": len(data), "oid": _git_oid(data)}
                for path, data in files.items()
            ]
        )

    def resolve(self, name: str, revision: str, path: str) -> None:
        commit, files = self.tree_of(name, revision)
        if path not in files:
            raise _Refused(404, "EntryNotFound", "Entry not found")
        data = files[path]
        headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        if not path.endswith(LFS):
            self.send_part(data, {**headers, "ETag": f'"{_git_oid(data)}"'})
            return
        sha256 = hashlib.sha256(data).hexdigest()
        self.server.uploaded[sha256] = data
        headers["X-Linked-Size"] = str(len(data))
        headers["X-Linked-ETag"] = f'"{sha256}"'
        # Another host to the client, which must not send its token there.
        port = self.server.server_port
        headers["Location"] = f"http://localhost:{port}/cdn/{sha256}?X-Amz-Signature=secret"
        self.send(302, b"", headers)

    def cdn(self, sha256: str) -> None:
        self.send_part(self.server.uploaded[sha256], {"ETag": f'"{sha256}"'})

    def send_part(self, data: bytes, headers: dict[str, str]) -> None:
        if match := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            first = int(match[1])
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
            self.send(206, data[first:], headers)
        else:
            self.send(200, data, headers)

    def writer(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise _Refused(401, "", "Invalid credentials in Authorization header")

    def create(self) -> None:
        self.writer()
        asked = json.loads(self.body)
        name = "/".join(filter(None, (asked.get("organization"), asked["name"])))
        if name in self.server.repos:
            self.send_json({"error": "exists", "url": f"{self.server.url}/{name}"}, 409)
            return
        self.server.repos[name] = Repo("private" if asked.get("private") else "open")
        self.send_json({"url": f"{self.server.url}/{name}", "name": name, "id": name})

    def validate(self) -> None:
        content = json.loads(self.body)["content"]
        errors = [] if content.startswith("---\n") else [{"message": "no front matter"}]
        self.send_json({"errors": errors, "warnings": []}, 400 if errors else 200)

    def preupload(self, name: str, revision: str) -> None:
        self.writer()
        files = [
            {
                "path": one["path"],
                "uploadMode": "lfs" if one["path"].endswith(LFS) else "regular",
                "shouldIgnore": False,
            }
            for one in json.loads(self.body)["files"]
        ]
        self.repo(name)
        self.send_json({"files": files})

    def batch(self, name: str) -> None:
        self.writer()
        objects = [
            {
                "oid": one["oid"],
                "size": one["size"],
                "actions": {"upload": {"href": f"{self.server.url}/upload/{one['oid']}"}},
            }
            for one in json.loads(self.body)["objects"]
        ]
        self.send_json({"transfer": "basic", "objects": objects})

    def upload(self, sha256: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != sha256:
            raise _Refused(400)
        self.server.uploaded[sha256] = self.body
        self.send(200, b"")

    def commit(self, name: str, revision: str) -> None:
        self.writer()
        repo = self.repo(name)
        lines = [json.loads(line) for line in self.body.splitlines()]
        header = lines[0]["value"]
        files = {}
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "lfsFile":
                files[value["path"]] = self.server.uploaded[value["oid"]]
            else:
                assert line["key"] == "file", line["key"]
                files[value["path"]] = base64.b64decode(value["content"])
        with self.server.guard:
            head = repo.refs.get(revision)
            if header.get("parentCommit") not in (None, head):
                message = "A commit has happened since. Please refresh and try again."
                raise _Refused(412, "", message)
            pull = "create_pr" in self.query
            oid = repo.commit(files, "refs/pr/1" if pull else revision)
        answer = {"commitUrl": f"{self.server.url}/{name}/commit/{oid}", "commitOid": oid}
        if pull:
            answer["pullRequestUrl"] = f"{self.server.url}/{name}/discussions/1"
        self.send_json(answer)

    # ---- failures

    def at_file(self) -> bool:
        """Say whether a request is for the bytes of a file, not for its metadata."""
        return self.command == "GET" and ("/resolve/" in self.route or "/cdn/" in self.route)

    def mode_503(self) -> None:
        raise _Refused(503)

    def mode_503_twice(self) -> None:
        self.server.failures += 1
        if self.server.failures <= 2:
            raise _Refused(503)
        self.mode_sound()

    def mode_503_files(self) -> None:
        if "/resolve/" in self.route:
            raise _Refused(503)
        self.mode_sound()

    def mode_429_then_sound(self) -> None:
        self.server.failures += 1
        if self.server.failures == 1:
            raise _Refused(429, **{"Retry-After": "1"})
        self.mode_sound()

    def mode_429_for_hours(self) -> None:
        raise _Refused(429, **{"Retry-After": "7200"})

    def mode_stall(self) -> None:
        self.server.over.wait(20)

    def mode_stall_in_file(self) -> None:
        self.cut(lambda: self.server.over.wait(20))

    def mode_drop(self) -> None:
        self.cut(lambda: None)

    def mode_drop_once(self) -> None:
        if self.at_file():
            self.server.failures += 1
        if self.server.failures == 1:
            self.cut(lambda: None)
        else:
            self.mode_sound()

    def cut(self, pause: object) -> None:
        """Send some bytes of a file, then no more."""
        if not self.at_file():
            self.mode_sound()
            return
        assert callable(pause)
        if "Range" not in self.headers:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b"\x00" * 10)
            self.wfile.flush()
            pause()
        self.close_connection = True

    def mode_wrong_bytes(self) -> None:
        if self.at_file() and "/cdn/" in self.route:
            data = self.server.uploaded[self.route.split("/")[-1]]
            self.send(200, bytes(255 - byte for byte in data))
        else:
            self.mode_sound()

    def mode_wrong_length(self) -> None:
        if self.at_file() and "/cdn/" in self.route:
            data = self.server.uploaded[self.route.split("/")[-1]]
            self.send(200, data + b"extra")
        else:
            self.mode_sound()

    def mode_race(self) -> None:
        """Add a commit of somebody else between the client's look at the branch and its commit."""
        if "/commit/" in self.route:
            self.server.repos[self.route.split("/api/models/")[1].split("/commit/")[0]].commit(
                {"theirs": b""}
            )
        self.mode_sound()

    def mode_portal(self) -> None:
        self.send(200, PORTAL, {"Content-Type": "text/html"})

    def mode_portal_at_files(self) -> None:
        self.mode_portal() if "/resolve/" in self.route else self.mode_sound()

    def mode_other_commit(self) -> None:
        """Send a header that would become a folder's name."""
        if "/resolve/" in self.route:
            headers = {"X-Repo-Commit": "../../evil", "ETag": f'"{"a" * 40}"'}
            self.send(200, b"x", headers)
        else:
            self.mode_sound()

    def mode_other_etag(self) -> None:
        if "/resolve/" in self.route:
            commit = self.route.split("/")[4]
            self.send(200, b"x", {"X-Repo-Commit": commit, "ETag": '"../../evil"'})
        else:
            self.mode_sound()


def _git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\x00" % len(data) + data).hexdigest()
