"""Download pinned files: the target appears with the pinned bytes, or an error is raised.

A file is received beside its target, resumed after an interruption, compared with its digest and
only then renamed. One process at a time works on a target; the others wait and find it there.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zooctl.errors import InputError, IntegrityError, NetworkError, ZooError
from zooctl.files.disk.cache import cache_folder, make_cache_folder
from zooctl.files.disk.lock import locked
from zooctl.files.download.part import PartialFile, Pin
from zooctl.progress import Advance, no_advance

if TYPE_CHECKING:
    import httpx2

    from zooctl.files.download.transfer import Policy


# Value of ZOOCTL_OFFLINE where an option, and not the user's environment, forbids the network.
_OPTION = "--offline"


def download(
    urls: Sequence[str],
    target: str | os.PathLike[str],
    *,
    size: int,
    sha256: str | None = None,
    md5: str | None = None,
    progress: Advance | None = None,
    policy: Policy | None = None,
) -> Path:
    """Download a pinned file from the first address that has it, and return its path.

    A target that already has the pinned bytes is left alone.

    Args:
        urls: Addresses of the file, best first.
        target: Path of the file; its folder exists.
        size: Size in bytes. Not one byte more is received.
        sha256: Digest of the file.
        md5: MD5 of the file, for publishers that give no other digest. One digest is required.
        progress: Told the bytes of each piece; a negative number when received bytes are discarded.
        policy: Time limits and hosts.

    Raises:
        NetworkError: No address could be reached or hands the file out, or ``HF_HUB_OFFLINE`` or
            ``ZOOCTL_OFFLINE`` is set.
        IntegrityError: The downloaded bytes differ from the pinned ones.
        UnsafeError: An address, or a redirect, is outside of the policy.
        InputError: The disk has no room for the file.
    """
    if sha256 is None and md5 is None:
        raise ValueError("a download needs a digest")
    path = Path(target)
    digests = {name: text for name, text in (("sha256", sha256), ("md5", md5)) if text}
    pin = Pin(size, digests, progress or no_advance)
    with locked(path) as alone:
        if pin.holds(path):
            return path
        _check_online(path, urls)
        # An earlier run with the same pin left its part under this name.
        mark = next(iter(digests.values()))[:16] if alone else uuid.uuid4().hex
        part = path.with_name(f".{path.name[:200]}.{mark}.part")
        try:
            with PartialFile(part, pin) as received:
                _check_room(path, size - received.length)
                _receive(urls, received, policy)
                received.publish(path)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise _no_room(path, size) from None
    return path


def download_folder(*parts: str) -> Path:
    """Create and return a folder of the cache for downloads.

    Raises:
        InputError: It cannot be created.
    """
    try:
        return make_cache_folder(*parts)
    except OSError as error:
        raise InputError(
            "the cache cannot be written",
            path=cache_folder().joinpath(*parts),
            got=os.strerror(error.errno or 0),
            hint="set ZOOCTL_HOME to a folder of your own",
        ) from None


def go_offline() -> None:
    """Switch downloads off in this process and those that it starts, as ``--offline`` does."""
    # The hub's client reads its own variable when it is imported.
    os.environ.update(HF_HUB_OFFLINE="1", ZOOCTL_OFFLINE=_OPTION)


def is_offline() -> bool:
    """Say whether ``--offline``, ``HF_HUB_OFFLINE`` or ``ZOOCTL_OFFLINE`` forbids the network."""
    return bool(_switches())


def way_online() -> str:
    """Return how to allow downloads again: without the option, or without set variables."""
    switches = _switches()
    if os.environ.get("ZOOCTL_OFFLINE") == _OPTION:
        return f"run the command without {_OPTION}"
    return f"unset {' and '.join(switches)}"


def _switches() -> list[str]:
    """Return the variables that forbid the network."""
    forbidding = ("1", "true", "yes", "on", _OPTION)
    names = ("HF_HUB_OFFLINE", "ZOOCTL_OFFLINE")
    return [name for name in names if os.environ.get(name, "").lower() in forbidding]


def _check_online(path: Path, urls: Sequence[str]) -> None:
    if not urls:
        raise NetworkError("the file has no address", path=path)
    if is_offline():
        raise NetworkError(
            "the file is missing, and the network is switched off",
            path=path,
            hint=way_online(),
        )


def _check_room(path: Path, needed: int) -> None:
    if shutil.disk_usage(path.parent).free < needed:
        raise _no_room(path, needed)


def _no_room(path: Path, needed: int) -> InputError:
    return InputError(
        "no space left for the download",
        path=path.parent,
        got=f"{shutil.disk_usage(path.parent).free:,} bytes free",
        expected=f"{needed:,} bytes",
        hint="free some space, or set ZOOCTL_HOME to a folder on another disk",
    )


def _receive(urls: Sequence[str], part: PartialFile, policy: Policy | None) -> None:
    """Complete the part from the first address that has the file."""
    from zooctl.files.download.transfer import Policy, open_client  # The HTTP library loads slowly.

    policy = policy or Policy()
    errors: list[ZooError] = []
    with open_client(policy) as client:
        for url in urls:
            try:
                _persist(client, url, part, policy)
                return
            except ZooError as error:
                errors.append(error)
    # A wrong file tells more than a server that is down.
    raise max(errors, key=lambda error: error.exit_code)


def _persist(client: httpx2.Client, url: str, part: PartialFile, policy: Policy) -> None:
    """Download from one address, with new attempts after failures that may pass."""
    from zooctl.files.download.transfer import TransientError, shown

    failures, start = 0, part.most
    deadline = time.monotonic() + policy.patience
    while True:
        try:
            return _attempt(client, url, part, policy)
        except TransientError as error:
            if part.most - start >= policy.gain:
                failures, start = 0, part.most
                deadline = time.monotonic() + policy.patience
            failures += 1
            backoff = policy.first_wait * 2 ** (failures - 1) * random.uniform(0.75, 1.25)  # noqa: S311
            wait = min(backoff if error.wait is None else error.wait, policy.longest_wait)
            if failures >= policy.tries or time.monotonic() + wait > deadline:
                raise NetworkError(
                    f"gave up on {shown(url)} after {failures} failures; the last: {error}",
                    hint="run the command again later; it goes on where it stopped",
                ) from None
            time.sleep(wait)


def _attempt(client: httpx2.Client, url: str, part: PartialFile, policy: Policy) -> None:
    """Request the missing bytes once."""
    from zooctl.files.download import transfer

    headers = {}
    if part.length:
        part.resumed = True
        headers["Range"] = f"bytes={part.length}-"
        if version := part.version_at(url):
            headers["If-Range"] = version
    if part.length < part.pin.size:
        with transfer.open_response(client, url, headers, policy) as response:
            _align(response, url, part)
            inflate = transfer.is_compressed(response, part.pin.size)
            transfer.receive(response, part.write, policy, inflate)
        if part.length < part.pin.size:
            if inflate:
                part.restart()
            raise transfer.TransientError(f"it sent {part.length:,} of {part.pin.size:,} bytes")
    wrong = part.wrong_digest()
    if wrong is None:
        return
    part.misfits += part.resumed
    once_more = part.resumed and part.misfits < 2
    part.restart()
    if once_more:
        raise transfer.TransientError("the resumed bytes do not fit together", 0)
    raise IntegrityError(
        "the file differs from the pinned bytes",
        got=f"{wrong} from {transfer.shown(url)}",
        expected=" ".join(next(iter(part.pin.digests.items()))),
        hint="its publisher changed it, or something between changes files on the way",
    )


def _align(response: httpx2.Response, url: str, part: PartialFile) -> None:
    """Cut the part to the first byte of the body, and refuse a body that is not the file."""
    from zooctl.files.download import transfer

    if response.status_code == 416:
        part.restart()
        raise transfer.TransientError("it has no more bytes than are here", 0)
    if response.status_code == 206:
        if transfer.content_range(response) != (part.length, part.pin.size):
            part.restart()
            raise transfer.TransientError("it answers with another range", 0)
        return
    _check_answer(response, part.pin.size)  # before the received bytes are discarded for it
    part.restart()  # the server ignores ranges, or has another version by now
    part.note(url, transfer.validator(response))


def _check_answer(response: httpx2.Response, size: int) -> None:
    """Refuse an answer of another length or kind than the file."""
    from zooctl.files.download import transfer

    length = transfer.content_length(response)
    page = response.headers.get("Content-Type", "").startswith("text/html")
    page &= not response.url.path.endswith((".html", ".htm"))
    misfit = length is not None and length != size
    if page or (misfit and not transfer.is_compressed(response, size)):
        raise IntegrityError(
            "a web page came in place of the file"
            if page
            else "the file differs from the pinned bytes",
            got=f"{length or 0:,} bytes from {transfer.shown(response.url)}",
            expected=f"{size:,} bytes",
            hint="log in to the network you are on" if page else "its publisher changed it",
        )
