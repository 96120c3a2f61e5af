"""The network switched off for this process and those that it starts."""

from __future__ import annotations

import sys

from zooctl.errors import NetworkError
from zooctl.files.download.download import go_offline

# A look-up of a host is talk over the network too, whoever opens the socket.
_REFUSED = ("socket.__new__", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname")
# Sockets within the machine, which libraries use to wake their own threads.
_LOCAL = 1


def switch_off() -> None:
    """Refuse every socket to the network from now on; it cannot be taken back.

    Sockets that a library opens out of Python's sight are not seen; where that matters, run
    without a network (``unshare -rn`` on Linux).

    Raises:
        NetworkError: Later, where a socket is opened.
    """
    go_offline()

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event not in _REFUSED:
            return
        if event == "socket.__new__" and arguments[1] == _LOCAL:
            return
        raise NetworkError("the network is switched off, and something reached for it", got=event)

    sys.addaudithook(refuse)
