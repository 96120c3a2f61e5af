"""The address of the hub in use, and whether a login may be sent to an address.

``HF_ENDPOINT`` may name any server. A login goes to the hub itself, to this machine, and to hosts
that the user names in ``ZOOCTL_HUB_HOSTS``, never without encryption but on this machine.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

HUB = "huggingface.co"
VARIABLE = "ZOOCTL_HUB_HOSTS"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def endpoint() -> str:
    """Return the address of the hub in use."""
    return (os.environ.get("HF_ENDPOINT") or f"https://{HUB}").rstrip("/")


def shown_endpoint() -> str:
    """Return host and port of the hub in use, without a login that the address carries."""
    return endpoint().split("://")[-1].rpartition("@")[2]


def may_log_in(address: str) -> bool:
    """Say whether a login may be sent to an address.

    >>> [may_log_in(address) for address in (
    ...     "https://huggingface.co/api", "http://huggingface.co/api", "http://127.0.0.1:8080",
    ...     "https://huggingface.co.example.org", "https://hub.example.org")]
    [True, False, True, False, False]
    """
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:  # such as half of an IPv6 address
        return False
    if host in _LOOPBACK:
        return True
    allowed = {name.strip().lower() for name in os.environ.get(VARIABLE, "").split(",")} - {""}
    known = host == HUB or host.endswith(f".{HUB}") or host in allowed
    return parts.scheme == "https" and known


def why_withheld() -> str | None:
    """Return why no login is sent to the hub in use, and the cure; None if one is."""
    address = endpoint()
    if may_log_in(address):
        return None
    try:
        host = urlsplit(address).hostname
    except ValueError:
        host = None
    if not host or not address.startswith("https://"):
        return f"no login is sent to {shown_endpoint()}: HF_ENDPOINT is no https address"
    return f"no login is sent to {host}: {VARIABLE}={host} allows it"
