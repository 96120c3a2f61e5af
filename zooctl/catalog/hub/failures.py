"""Failures of the hub's client, explained."""

from __future__ import annotations

import re

from huggingface_hub import errors, get_token

from zooctl.catalog.hub.endpoint import shown_endpoint, why_withheld
from zooctl.errors import IntegrityError, NetworkError, ZooError

_PASSING = (408, 429, 500, 502, 503, 504)


def cause_of(error: Exception) -> BaseException:
    """Return the error below those that the client wraps around it, in downloads and uploads."""
    wraps = isinstance(error, errors.LocalEntryNotFoundError | RuntimeError)
    return (error.__cause__ if wraps else None) or error


def may_pass(error: BaseException) -> bool:
    """Say whether the same request may succeed later."""
    return _status(error) in _PASSING or (_is_http(error) and "Timeout" not in type(error).__name__)


def explain(repo: str, revision: str | None, error: BaseException) -> ZooError | None:
    """Return the error of our family for a failure of the hub; None for any other failure.

    The text never quotes an answer, which may hold addresses with signatures.
    """
    where = f"{repo} on {shown_endpoint()}"
    status = _status(error)
    code = f"HTTP {status}"
    if isinstance(error, errors.GatedRepoError):
        return NetworkError(
            f"{where} is gated",
            got=code,
            hint=why_withheld()
            or f"ask for access at {shown_endpoint()}/{repo}, then log in (hf auth login)",
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
        hint = why_withheld() or "log in (hf auth login, or HF_TOKEN)"
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
        return NetworkError(f"{where} is not available", got=code, hint="try again later")
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
    """Return the class of a failure in words.

    >>> _reason(TimeoutError()), _reason(ConnectionResetError())
    ('timeout error', 'connection reset error')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()


def _status(error: BaseException) -> int | None:
    response = getattr(error, "response", None)
    return None if response is None else int(response.status_code)


def _is_http(error: BaseException) -> bool:
    """Say whether an error is of the HTTP library below the client, which changed its name."""
    return type(error).__module__.split(".")[0] in ("httpx", "httpx2", "httpcore", "httpcore2")
