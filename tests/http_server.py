"""A real HTTP server on this machine that fails in every way the downloader must survive.

The mode is the first part of the path: ``server.url("stall")`` is ``http://127.0.0.1:…/stall/x.bw``.
"""

from __future__ import annotations

import contextlib
import gzip
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BOMB = gzip.compress(bytes(20_000_000), 1)
PORTAL = b"<html><body>Welcome to the airport. Please log in.</body></html>"


class FailingServer(ThreadingHTTPServer):
    """Serves one content under every path.

    Attributes:
        content: The bytes of the file.
        etag: Their version.
        elsewhere: Address that the mode ``redirect_other_host`` leads to.
        asked: Request count of each mode.
        ranges: Every Range header, in order.
    """

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = content
        self.etag = '"v1"'
        self.elsewhere = "https://evil.example.org/x.bw"
        self.asked: Counter[str] = Counter()
        self.ranges: list[str] = []
        self.over = threading.Event()
        self.guard = threading.Lock()

    def url(self, mode: str = "normal", name: str = "x.bw", query: str = "") -> str:
        return f"http://127.0.0.1:{self.server_port}/{mode}/{name}{query}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing, since clients hang up on purpose."""


@contextmanager
def failing_server(content: bytes) -> Iterator[FailingServer]:
    """Run the server while the block runs."""
    server = FailingServer(content)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FailingServer

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        mode = self.path.split("/")[1]
        with self.server.guard:
            self.server.asked[mode] += 1
            if "Range" in self.headers:
                self.server.ranges.append(self.headers["Range"])
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, f"mode_{mode}")(self.server.asked[mode])

    def start(self, status: int, length: int | None, **headers: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        else:
            self.close_connection = True
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def serve(self, *, cut: int | None = None, etag: str | None = None) -> None:
        """Answer like a sound server; with ``cut``, hang up after that many bytes."""
        content, tag = self.server.content, etag or self.server.etag
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        first = int(match[1]) if match else 0
        if match and self.headers.get("If-Range", tag) != tag:
            first, match = 0, None
        if first >= len(content):
            self.start(416, 0, Content_Range=f"bytes */{len(content)}")
            return
        body = content[first:]
        if match:
            span = f"bytes {first}-{len(content) - 1}/{len(content)}"
            self.start(206, len(body), ETag=tag, Content_Range=span)
        else:
            self.start(200, len(body), ETag=tag)
        self.wfile.write(body[:cut])
        if cut is not None and cut < len(body):
            self.wfile.flush()
            self.close_connection = True

    def mode_normal(self, count: int) -> None:
        self.serve()

    def mode_503_then_ok(self, count: int) -> None:
        self.serve() if count > 2 else self.start(503, 0)

    def mode_503(self, count: int) -> None:
        self.start(503, 0)

    def mode_429_then_ok(self, count: int) -> None:
        self.serve() if count > 1 else self.start(429, 0, Retry_After="1")

    def mode_429_for_hours(self, count: int) -> None:
        self.serve() if count > 1 else self.start(429, 0, Retry_After="7200")

    def mode_404(self, count: int) -> None:
        self.start(404, 0)

    def mode_407(self, count: int) -> None:
        self.start(407, 0)

    def mode_drop_mid_transfer(self, count: int) -> None:
        self.serve(cut=len(self.server.content) // 3 if count < 3 else None)

    def mode_drop_once(self, count: int) -> None:
        self.serve(cut=len(self.server.content) // 3 if count < 2 else None)

    def mode_drop_always(self, count: int) -> None:
        self.serve(cut=10)

    def mode_drop_at_once(self, count: int) -> None:
        self.close_connection = True

    def mode_stall(self, count: int) -> None:
        if count > 1:
            self.serve()
            return
        self.serve_part_then(lambda: self.server.over.wait(20))

    def mode_stall_always(self, count: int) -> None:
        self.server.over.wait(20)

    def mode_slow_loris(self, count: int) -> None:
        self.start(200, len(self.server.content))
        for byte in self.server.content:
            if self.server.over.wait(0.02):
                return
            self.wfile.write(bytes([byte]))

    def serve_part_then(self, pause: object) -> None:
        content = self.server.content
        self.start(200, len(content), ETag=self.server.etag)
        self.wfile.write(content[:1000])
        self.wfile.flush()
        assert callable(pause)
        pause()
        self.close_connection = True

    def mode_wrong_bytes(self, count: int) -> None:
        self.start(200, len(self.server.content))
        self.wfile.write(self.server.content[:-1] + bytes([self.server.content[-1] ^ 1]))

    def mode_wrong_length(self, count: int) -> None:
        self.start(200, len(self.server.content) + 5)
        self.wfile.write(self.server.content + b"extra")

    def mode_endless(self, count: int) -> None:
        """Send more bytes than pinned, without a length."""
        self.start(200, None)
        while not self.server.over.is_set():
            self.wfile.write(self.server.content)

    def mode_no_content_length(self, count: int) -> None:
        self.start(200, None)
        self.wfile.write(self.server.content)

    def mode_no_content_length_short(self, count: int) -> None:
        """Send a short body the first time, and close the connection as after a complete one."""
        if "Range" in self.headers:
            self.serve()
            return
        self.start(200, None, ETag=self.server.etag)
        self.wfile.write(self.server.content[:-100])

    def mode_redirect(self, count: int) -> None:
        self.start(302, 0, Location="/normal/x.bw?X-Amz-Signature=secret")

    def mode_redirect_loop(self, count: int) -> None:
        self.start(302, 0, Location="/redirect_loop/x.bw")

    def mode_redirect_other_host(self, count: int) -> None:
        self.start(302, 0, Location=self.server.elsewhere)

    def mode_range_ignored(self, count: int) -> None:
        body = self.server.content
        self.start(200, len(body), ETag=self.server.etag)
        self.wfile.write(body[: len(body) // 2] if count < 2 else body)
        self.close_connection = count < 2

    def mode_other_range(self, count: int) -> None:
        """Answer a Range with another part."""
        if "Range" not in self.headers:
            self.serve(cut=len(self.server.content) // 2 if count < 2 else None)
            return
        body = self.server.content
        self.start(206, len(body), Content_Range=f"bytes 0-{len(body) - 1}/{len(body)}")
        self.wfile.write(body)

    def mode_etag_changed_mid_resume(self, count: int) -> None:
        """Cut an older version short, then send the pinned one."""
        if count > 1:
            self.serve(etag='"v2"')
            return
        old = bytes(255 - byte for byte in self.server.content)
        self.start(200, len(old), ETag='"v1"')
        self.wfile.write(old[: len(old) // 2])
        self.close_connection = True

    def mode_changed_under_one_etag(self, count: int) -> None:
        """Do the same with one validator for both versions."""
        if count > 1:
            self.serve()
            return
        old = bytes(255 - byte for byte in self.server.content)
        self.start(200, len(old), ETag=self.server.etag)
        self.wfile.write(old[: len(old) // 2])
        self.close_connection = True

    def mode_gzip_content_encoding(self, count: int) -> None:
        body = gzip.compress(self.server.content)
        self.start(200, len(body), Content_Encoding="gzip")
        self.wfile.write(body)

    def mode_gzip_in_name_only(self, count: int) -> None:
        """State the encoding of a .gz file and send it as it is, as some servers do."""
        self.start(200, len(self.server.content), Content_Encoding="x-gzip")
        self.wfile.write(self.server.content)

    def mode_gzip_bomb(self, count: int) -> None:
        self.start(200, len(BOMB), Content_Encoding="gzip")
        self.wfile.write(BOMB)

    def mode_gzip_damaged(self, count: int) -> None:
        body = b"\x1f\x8b\x08" + bytes(1000)
        self.start(200, len(body), Content_Encoding="gzip")
        self.wfile.write(body)

    def mode_captive_portal(self, count: int) -> None:
        self.start(200, len(PORTAL), Content_Type="text/html; charset=utf-8")
        self.wfile.write(PORTAL)

    def mode_captive_portal_unlimited(self, count: int) -> None:
        self.start(200, None, Content_Type="text/html")
        self.wfile.write(PORTAL)

    def mode_slow(self, count: int) -> None:
        """Send the content after a second."""
        time.sleep(1)
        self.serve()
