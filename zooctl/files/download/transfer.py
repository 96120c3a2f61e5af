"""Single HTTP requests for ``files.download``: allowed addresses, redirects, answers, bodies.

A request ends in one of three ways: the bytes went to the caller; the same address may work later
(``TransientError``); or it never will (a ``ZooError``, and the caller goes to the next address).
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx2

from zooctl import __version__
from zooctl.errors import IntegrityError, NetworkError, UnsafeError
from zooctl.sequence.numbers import parse_int

HOSTS = frozenset(
    {
        "hgdownload.soe.ucsc.edu",
        "www.encodeproject.org",
        # Files of a GitHub repository, which are named by their commit.
        "raw.githubusercontent.com",
        "encode-public.s3.amazonaws.com",
        "zenodo.org",
        "huggingface.co",
        "cdn-lfs.huggingface.co",
        "cdn-lfs.hf.co",
        "cdn-lfs-us-1.hf.co",
        "cas-bridge.xethub.hf.co",
    }
)
"""Hosts that files may be downloaded from, redirects included."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_REFUSALS = {
    401: "asks for a login",
    403: "refuses access",
    404: "has no such file",
    407: "is behind a proxy that asks for a login",
    410: "has the file no more",
}


@dataclass(frozen=True)
class Policy:
    """Time limits, in seconds, and allowed hosts of a download.

    Attributes:
        connect: Longest wait for a connection.
        read: Longest wait for the next bytes; also the span over which the rate is measured.
        least_rate: Bytes a second; a slower server counts as one that stalls.
        tries: Consecutive failures, without ``gain`` bytes between them, before giving up.
        gain: Bytes that make up for earlier failures.
        first_wait: Wait before the second try; it doubles, with jitter.
        longest_wait: Longest wait, even if the server asks for more.
        patience: Time without ``gain`` bytes before giving up.
        redirects: Most redirects in a row.
        hosts: Allowed hosts.
        loopback: Whether this machine is allowed too, without encryption.
    """

    connect: float = 10.0
    read: float = 30.0
    least_rate: float = 1_000.0
    tries: int = 5
    gain: int = 1 << 20
    first_wait: float = 1.0
    longest_wait: float = 60.0
    patience: float = 90.0
    redirects: int = 5
    hosts: frozenset[str] = HOSTS
    loopback: bool = False


class TransientError(Exception):
    """A failure after which the same address may work later.

    Args:
        reason: Description of the failure.
        wait: Seconds that the server asks to wait.
    """

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def shown(url: httpx2.URL | str) -> str:
    """Return an address without its login, query and fragment, which may be secret.

    >>> shown("https://user:pw@zenodo.org/a.bw?X-Signature=abc")
    'https://zenodo.org/a.bw'
    """
    return str(httpx2.URL(url).copy_with(userinfo=b"", query=None, fragment=None))


def check_url(url: httpx2.URL, policy: Policy) -> None:
    """Refuse an address that is not public, encrypted and known.

    Raises:
        UnsafeError: The scheme is not https, the address carries a login, or the policy lacks the
            host.
    """
    if policy.loopback and url.host in _LOOPBACK and url.scheme in ("http", "https"):
        return
    if url.scheme != "https" or url.userinfo:
        raise UnsafeError("not a plain https address", got=shown(url))
    if url.host not in policy.hosts:
        raise UnsafeError(
            f"files are not downloaded from {url.host}",
            got=shown(url),
            expected="a host that zooctl knows",
            hint=f"--allow-host {url.host} if you trust it",
        )


@contextmanager
def open_client(policy: Policy) -> Iterator[httpx2.Client]:
    """Yield a client with the policy's time limits, on the proxies of the environment."""
    timeout = httpx2.Timeout(policy.read, connect=policy.connect)
    # identity: a file that is compressed in transit could neither be resumed nor measured.
    headers = {"User-Agent": f"zooctl/{__version__}", "Accept-Encoding": "identity"}
    with httpx2.Client(timeout=timeout, headers=headers) as client:
        yield client


@contextmanager
def open_response(
    client: httpx2.Client, url: str, headers: Mapping[str, str], policy: Policy
) -> Iterator[httpx2.Response]:
    """Yield the answer to a GET after checked redirects; its body is not read yet.

    Raises:
        TransientError: The connection failed, or the server is busy or broken.
        NetworkError: The server will not hand the file out.
        UnsafeError: The address, or a redirect, is outside of the policy.
    """
    try:
        response = _follow(client, httpx2.URL(url), headers, policy)
        try:
            yield response
        finally:
            response.close()
    except httpx2.TimeoutException:
        raise TransientError("it did not answer in time") from None
    except httpx2.ProxyError as error:
        raise TransientError(f"the proxy failed: {error}") from None
    except httpx2.TransportError as error:
        host = httpx2.URL(url).host
        if "CERTIFICATE" in str(error).upper():
            raise NetworkError(f"{host} could not prove who it is", got=str(error)) from None
        raise TransientError(str(error) or type(error).__name__) from None
    except httpx2.InvalidURL:
        raise UnsafeError("not a plain https address", got=repr(url)) from None


def _follow(
    client: httpx2.Client, url: httpx2.URL, headers: Mapping[str, str], policy: Policy
) -> httpx2.Response:
    for _ in range(policy.redirects + 1):
        check_url(url, policy)
        response = client.send(client.build_request("GET", url, headers=headers), stream=True)
        if not response.has_redirect_location:
            try:
                _check_status(response)
            except BaseException:
                response.close()
                raise
            return response
        response.close()
        url = response.url.join(response.headers["Location"])
    raise NetworkError(f"{url.host} redirects without end", got=shown(url))


def _check_status(response: httpx2.Response) -> None:
    status = response.status_code
    if status in (200, 206, 416):
        return
    if status in _TRANSIENT:
        wait = _retry_after(response.headers.get("Retry-After"))
        raise TransientError(f"it answers {status} {response.reason_phrase}", wait)
    raise NetworkError(
        f"{response.url.host} {_REFUSALS.get(status, 'does not hand the file out')}",
        got=f"{status} for {shown(response.url)}",
    )


def _retry_after(text: str | None) -> float | None:
    """Parse a Retry-After header, seconds or a date, into seconds.

    >>> _retry_after("120"), _retry_after(None), _retry_after("soon"), _retry_after("²")
    (120.0, None, None, None)
    """
    if text is None:
        return None
    if (seconds := parse_int(text.strip())) is not None:
        return float(seconds)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def content_range(response: httpx2.Response) -> tuple[int, int] | None:
    """Return (first byte, size of the whole file) of a partial answer; None if not stated."""
    text = response.headers.get("Content-Range", "")
    unit, _, rest = text.partition(" ")
    span, _, total = rest.partition("/")
    first, size = parse_int(span.partition("-")[0]), parse_int(total)
    if unit != "bytes" or first is None or size is None:
        return None
    return first, size


def content_length(response: httpx2.Response) -> int | None:
    """Return the number of bytes that an answer states; None if it states none."""
    return parse_int(response.headers.get("Content-Length", ""))


def validator(response: httpx2.Response) -> str:
    """Return the validator of this version of the file for If-Range; empty if it has none."""
    etag = response.headers.get("ETag", "")
    if etag.startswith('"'):  # A weak one, W/"…", does not promise the same bytes.
        return str(etag)
    return str(response.headers.get("Last-Modified", ""))


def is_compressed(response: httpx2.Response, size: int) -> bool:
    """Say whether the body is the file compressed in transit, and not the file itself.

    Some servers state the encoding of a ``.gz`` file that they send as it is; the length tells.
    """
    if response.headers.get("Content-Encoding", "").lower() not in ("gzip", "x-gzip"):
        return False
    if (length := content_length(response)) is not None:
        return length != size
    return not response.url.path.endswith(".gz")


def receive(
    response: httpx2.Response, write: Callable[[bytes], None], policy: Policy, inflate: bool
) -> None:
    """Pass the body to ``write`` piece by piece, as it arrives.

    Raises:
        TransientError: The server sends too slowly.
        IntegrityError: The compressed body is damaged.
    """
    decoder = zlib.decompressobj(wbits=31) if inflate else None
    since, seen = time.monotonic(), 0
    for data in response.iter_raw():
        seen += len(data)
        if decoder is None:
            write(data)
        else:
            for part in _inflate(decoder, data):
                write(part)
        now = time.monotonic()
        if now - since >= policy.read:
            if seen < policy.least_rate * (now - since):
                raise TransientError(f"it sends only {seen / (now - since):,.0f} bytes a second")
            since, seen = now, 0


def _inflate(decoder: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """Decompress in pieces of at most 1 MiB, so that a bomb meets the size limit early."""
    try:
        while data:
            yield decoder.decompress(data, 1 << 20)
            data = decoder.unconsumed_tail
    except zlib.error:
        raise IntegrityError("the server sent damaged compressed data") from None
