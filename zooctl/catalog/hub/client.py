"""The Hugging Face hub, through its own client: what a commit holds, and its files.

The only module that knows huggingface_hub. All ``HF_*`` variables hold: it is imported after a
command has set those that its flags mean.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from huggingface_hub import (
    CommitOperationAdd,
    HfApi,
    constants,
    errors,
    get_token,
    hf_hub_download,
    set_client_factory,
)
from huggingface_hub.utils._http import default_client_factory  # the only way to add to its hooks
from huggingface_hub.utils.tqdm import disable_progress_bars

from zooctl import __version__
from zooctl.errors import InputError, IntegrityError, NetworkError, UnsafeError, ZooError
from zooctl.schema.card import Hub

T = TypeVar("T")

LIBRARY = "zooctl"
_TRIES = 4  # requests for one address
_LONGEST_WAIT = 30  # seconds that a server may ask for
_PUSH_TIMEOUT = 10
_PASSING = (408, 429, 500, 502, 503, 504)
_COMMIT = re.compile(r"[0-9a-f]{40}")
# The cache names files by it.
_ETAG = re.compile(r'(W/)?"?[0-9a-f]{40,64}"?')


def listing(place: Hub) -> dict[str, int | None]:
    """Return path to size of the files at a commit.

    Raises:
        NetworkError: The repository or the commit cannot be had; the message says why.
        UnsafeError: The repository has been renamed: its old name may be anybody's tomorrow.
    """
    info = _asked(place.repo, place.revision, lambda: _api().model_info(
        place.repo, revision=place.revision, files_metadata=True,
        timeout=constants.HF_HUB_ETAG_TIMEOUT,
    ))  # fmt: skip
    if info.id != place.repo:
        raise UnsafeError(
            "the hub leads to another repository",
            got=info.id,
            expected=place.repo,
            hint="it was renamed, or somebody took its name; ask for one that is pinned by it",
        )
    if info.sha != place.revision:
        raise UnsafeError("the hub answers with another commit", got=info.sha, expected=place)
    return {one.rfilename: one.size for one in info.siblings or ()}


def storage(place: Hub) -> Path:
    """Return the folder of the client's cache that holds a repository."""
    return Path(constants.HF_HUB_CACHE) / f"models--{place.repo.replace('/', '--')}"


def download(place: Hub, file: str) -> None:
    """Put a file of a commit into the cache of the hub's client; nothing is verified.

    Raises:
        NetworkError: It cannot be had; the message says why.
        IntegrityError: It came with another length than was announced.
        UnsafeError: The server answers with another commit, or with names that no hub gives.
    """
    _asked(
        place.repo,
        place.revision,
        lambda: hf_hub_download(
            place.repo,
            file,
            revision=place.revision,
            library_name=LIBRARY,
            library_version=__version__,
            etag_timeout=constants.HF_HUB_ETAG_TIMEOUT,
            cache_dir=constants.HF_HUB_CACHE,
            endpoint=_endpoint(),
        ),
    )


def publish(
    repo: str, files: Mapping[str, bytes], message: str, *, create_pr: bool = False
) -> tuple[str, str]:
    """Put files into a repository as one commit, on top of what is there, or not at all.

    The repository is created where there is none.

    Args:
        repo: As ``org/name``.
        files: Path to content.
        message: Of the commit.
        create_pr: Propose the commit instead of putting it on the main branch.

    Returns:
        The commit, and the address where people can look at it.

    Raises:
        InputError: There is no login.
        NetworkError: The hub refuses, or cannot be reached; or somebody else pushed meanwhile.
    """
    if get_token() is None:
        hint = "hf auth login, or set HF_TOKEN"
        raise InputError("pushing needs a login to the hub", hint=hint)
    if not create_pr:
        _asked(repo, None, lambda: _api().create_repo(repo, exist_ok=True))
    head = _asked(repo, None, lambda: _api().model_info(repo, timeout=_PUSH_TIMEOUT)).sha
    done = _asked(
        repo,
        None,
        lambda: _api().create_commit(
            repo,
            [CommitOperationAdd(path, data) for path, data in files.items()],
            commit_message=message,
            parent_commit=head,
            create_pr=create_pr,
        ),
    )
    return done.oid, done.pr_url or done.commit_url


def _endpoint() -> str:
    return (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


@functools.cache
def _watch() -> _Watch:
    """Return what looks at every request of this process to the hub."""
    watch = _Watch()

    def factory() -> Any:
        client = default_client_factory()
        client.event_hooks["request"].append(watch.request)
        client.event_hooks["response"].append(watch.response)
        return client

    set_client_factory(factory)
    if "HF_HUB_DISABLE_XET" not in os.environ:
        # The other way to the same bytes is a library whose requests cannot be watched.
        constants.HF_HUB_DISABLE_XET = True
    # Retries and bars would be said on stderr by the library; what matters, our errors say.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    disable_progress_bars()
    return watch


def _api() -> HfApi:
    return HfApi(endpoint=_endpoint(), library_name=LIBRARY, library_version=__version__)


class _Watch:
    """Bounds the patience of the hub's client, and its trust in what a server says.

    By itself the client would wait as long as a server asks, with time limits of a minute, and
    take the name of a folder from a header.
    """

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()
        self.revision: str | None = None
        self.last = ""

    def begin(self, revision: str | None) -> None:
        """Start to count anew; files must be of this commit."""
        self.asked.clear()
        self.revision = revision

    def request(self, request: Any) -> None:
        """Refuse to ask once more; shorten the time limits."""
        address = request.method, str(request.url.copy_with(query=None))
        self.asked[address] += 1
        if self.asked[address] > _TRIES:
            raise NetworkError(
                f"gave up on {request.url.host} after {_TRIES} failures; the last: {self.last}",
                hint="run the command again later",
            )
        self.last = "no whole answer in time"
        longest = max(constants.HF_HUB_ETAG_TIMEOUT, constants.HF_HUB_DOWNLOAD_TIMEOUT)
        limits = request.extensions.get("timeout", {})
        for name, seconds in limits.items():
            limits[name] = longest if seconds is None else min(seconds, longest)

    def response(self, response: Any) -> None:
        """Refuse to wait for long, and names that the cache must not get."""
        if response.is_error:
            self.last = f"HTTP {response.status_code}"
        if response.status_code in (429, 503) and (wait := _wait(response.headers)) > _LONGEST_WAIT:
            raise NetworkError(
                f"{response.url.host} wants no request for {wait:,} s "
                f"(HTTP {response.status_code})",
                hint="run the command again then; a login (HF_TOKEN) has higher limits",
            )
        commit = response.headers.get("X-Repo-Commit")
        if self.revision is not None and commit is not None and commit != self.revision:
            raise UnsafeError("the hub answers with another commit", expected=self.revision)
        for name in ("X-Linked-Etag", *(("ETag",) if commit else ())):
            etag = response.headers.get(name)
            if etag is not None and not _ETAG.fullmatch(etag):
                raise UnsafeError("the hub names a file in a way that no hub does")


def _wait(headers: Mapping[str, str]) -> int:
    """Return the seconds that a server wants to be left alone.

    >>> _wait({"Retry-After": "7200"}), _wait({"ratelimit": '"api";r=0;t=55'}), _wait({})
    (7200, 55, 0)
    """
    after = headers.get("Retry-After", "")
    if after.isdecimal():
        return int(after)
    reset = re.search(r"\bt=(\d+)", headers.get("ratelimit", ""))
    return int(reset[1]) if reset else 0


def _asked(repo: str, revision: str | None, ask: Callable[[], T]) -> T:
    """Return what the hub answers, again after failures that may pass."""
    watch = _watch()
    watch.begin(revision)
    for wait in (1, 2, None):
        try:
            return ask()
        except ZooError:
            raise
        except Exception as error:
            # Both wrap what happened: the first when a file is fetched, the second when it is sent.
            wraps = isinstance(error, errors.LocalEntryNotFoundError | RuntimeError)
            cause = error.__cause__ if wraps else error
            if isinstance(cause, ZooError):
                raise cause from None
            explained = _explained(repo, revision, cause or error)
            if explained is None:
                raise
            if wait is None or not _may_pass(cause or error):
                raise explained from None
        time.sleep(wait)
    raise AssertionError("unreachable")


def _status(error: BaseException) -> int | None:
    response = getattr(error, "response", None)
    return None if response is None else int(response.status_code)


def _may_pass(error: BaseException) -> bool:
    return _status(error) in _PASSING or (_is_http(error) and "Timeout" not in type(error).__name__)


def _is_http(error: BaseException) -> bool:
    """Say whether an error is of the library below the hub's client, which changed its name."""
    return type(error).__module__.split(".")[0] in ("httpx", "httpx2", "httpcore", "httpcore2")


def _explained(repo: str, revision: str | None, error: BaseException) -> ZooError | None:
    """Return an error as what it means; None where it is no failure of the hub's.

    Only our own words are said, never an answer's: it may hold addresses with signatures.
    """
    where = f"{repo} on {_endpoint().split('://')[-1]}"
    status = _status(error)
    code = f"HTTP {status}"
    if isinstance(error, errors.GatedRepoError):
        return NetworkError(
            f"{where} is gated",
            got=code,
            hint=f"ask for access at {_endpoint()}/{repo}, then log in (hf auth login)",
        )
    if isinstance(error, errors.DisabledRepoError):
        return NetworkError(f"{where} was disabled by the hub", got=code)
    if isinstance(error, errors.RevisionNotFoundError):
        return NetworkError(f"{where} has no commit {revision}", got=code)
    if isinstance(error, errors.EntryNotFoundError) and status == 404:
        return NetworkError(f"{where} lacks a file at {revision}", got=code)
    if status == 401 and get_token() is not None and revision is None:
        return NetworkError(f"{where} does not take this login", got=code)
    if status == 401:
        hint = "log in (hf auth login, or HF_TOKEN)"
        return NetworkError(f"{where} is private, or does not exist", got=code, hint=hint)
    if isinstance(error, errors.RepositoryNotFoundError):
        what = "does not exist: it was deleted, or its name is wrong"
        return NetworkError(f"{where} {what}", got=code)
    if status == 403:
        return NetworkError(f"{where} does not allow this to this login", got=code)
    if status == 412:
        return NetworkError(
            f"{where} has got another commit meanwhile; nothing was pushed",
            got=code,
            hint="look at it, then run the command again",
        )
    if status is not None:
        return NetworkError(f"{where} cannot be had", got=code, hint="try again later")
    if isinstance(error, errors.FileMetadataError | ValueError | TypeError | KeyError):
        return NetworkError(
            f"{where}: something else than the hub answers",
            hint="log in to the network you are on; or a proxy stands between",
        )
    if isinstance(error, OSError) and "Consistency check failed" in str(error):
        return IntegrityError(f"a file of {where} came with another length than was announced")
    if _is_http(error) or isinstance(error, ConnectionError | TimeoutError):
        return NetworkError(
            f"{where} cannot be reached ({_reason(error)})",
            hint="is this machine online? HF_ENDPOINT names the hub that is asked",
        )
    return None


def _reason(error: BaseException) -> str:
    """Return the kind of a failure in words.

    >>> _reason(TimeoutError()), _reason(ConnectionResetError())
    ('timeout error', 'connection reset error')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()
