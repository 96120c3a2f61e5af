"""Limits on the hub's client: bounded patience, and no trust in a server's headers."""

from __future__ import annotations

import functools
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from huggingface_hub import constants, set_client_factory
from huggingface_hub.utils._http import default_client_factory  # the only way to add to its hooks
from huggingface_hub.utils.tqdm import disable_progress_bars

from zooctl.catalog.hub.endpoint import may_log_in
from zooctl.catalog.hub.failures import cause_of, explain, may_pass
from zooctl.errors import NetworkError, UnsafeError, ZooError

T = TypeVar("T")

_TRIES = 4  # requests for one address
_LONGEST_WAIT = 30  # seconds that a server may ask for
# The cache names files by it.
_ETAG = re.compile(r'(W/)?"?[0-9a-f]{40,64}"?')


def attempt(repo: str, revision: str | None, ask: Callable[[], T]) -> T:
    """Call the hub's client, up to three times if a failure may pass.

    Args:
        repo: Repository, for errors.
        revision: Commit that every answer must be of; None for any.
        ask: The call.

    Raises:
        ZooError: The call failed; the client's error in our own words.
    """
    guard = install()
    guard.begin(revision)
    for wait in (1, 2, None):
        try:
            return ask()
        except ZooError:
            raise
        except Exception as error:
            cause = cause_of(error)
            if isinstance(cause, ZooError):
                raise cause from None
            explained = explain(repo, revision, cause)
            if explained is None:
                raise
            if wait is None or not may_pass(cause):
                raise explained from None
        time.sleep(wait)
    raise AssertionError("unreachable")


@functools.cache
def install() -> Guard:
    """Put the guard in front of every request of this process to the hub, and return it."""
    guard = Guard()

    def factory() -> Any:
        client = default_client_factory()
        client.event_hooks["request"].append(guard.request)
        client.event_hooks["response"].append(guard.response)
        return client

    set_client_factory(factory)
    if "HF_HUB_DISABLE_XET" not in os.environ:
        # The other way to the same bytes is a library whose requests cannot be watched.
        constants.HF_HUB_DISABLE_XET = True
    # The library prints retries and bars on stderr; our errors tell the ones that matter.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    disable_progress_bars()
    return guard


class Guard:
    """Hooks on the requests and responses of the hub's client.

    By itself the client waits as long as a server asks, with time limits of a minute, and takes
    the name of a folder from a header.
    """

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()
        self.revision: str | None = None
        self.last = ""

    def begin(self, revision: str | None) -> None:
        """Count requests anew; files must be of this commit."""
        self.asked.clear()
        self.revision = revision

    def request(self, request: Any) -> None:
        """Refuse a request too many; withhold a login, and shorten time limits."""
        if not may_log_in(str(request.url)):
            request.headers.pop("Authorization", None)
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
        """Refuse long waits, other commits, and names that must not enter the cache."""
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
    """Return the seconds that a server asks to wait.

    >>> _wait({"Retry-After": "7200"}), _wait({"ratelimit": '"api";r=0;t=55'}), _wait({})
    (7200, 55, 0)
    """
    after = headers.get("Retry-After", "")
    if after.isdecimal():
        return int(after)
    reset = re.search(r"\bt=(\d+)", headers.get("ratelimit", ""))
    return int(reset[1]) if reset else 0
