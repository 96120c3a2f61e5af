"""Run a command in a network of its own, and record what it tries there, below any library.

``run_watched`` starts this file in new namespaces of user, network and mounts. The kernel counts
every packet that the command sends, and every one that finds no way; a resolver on the loopback
device notes the names that are looked up.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

_UNSHARE = ("unshare", "--user", "--map-root-user", "--net", "--mount")
_COUNTED = {
    "Ip": ("OutRequests", "OutNoRoutes"),
    "Tcp": ("ActiveOpens",),
    "Udp": ("OutDatagrams",),
}
_COUNTED6 = ("Ip6OutNoRoutes", "Udp6OutDatagrams")
# Sockets of daemons that would look a name up outside of the namespace.
_RESOLVERS = ("/run/nscd", "/var/run/nscd", "/run/systemd/resolve")
# Libraries are more discreet where one of these is set.
_DISCREET = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "DO_NOT_TRACK", "BUILDKITE")


@dataclass(frozen=True)
class Watched:
    """A finished command: its end, the names it looked up, and the packets it sent or meant to."""

    code: int
    out: str
    err: str
    names: tuple[str, ...]
    packets: int


def run_watched(
    command: Sequence[str], folder: Path, record: Path, environment: Mapping[str, str]
) -> Watched:
    """Run a command in a folder and return what it did; skip the test without namespaces.

    Args:
        command: Program and arguments.
        folder: Its working folder.
        record: File for the counts.
        environment: Its variables, on top of those of this process.
    """
    if shutil.which("unshare") is None or subprocess.run([*_UNSHARE, "true"]).returncode:
        pytest.skip("NETWORK NOT WATCHED: no right to make a network namespace")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _DISCREET and not name.endswith("TELEMETRY") and "XDG" not in name
    }
    done = subprocess.run(
        [*_UNSHARE, sys.executable, __file__, str(record), *command],
        cwd=folder,
        env={**kept, **environment},
        capture_output=True,
        text=True,
    )
    found = json.loads(record.read_text())
    return Watched(
        done.returncode, done.stdout, done.stderr, tuple(found["names"]), found["packets"]
    )


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        # SIOCSIFFLAGS with IFF_UP and IFF_RUNNING
        fcntl.ioctl(device, 0x8914, struct.pack("16sH14x", b"lo", 0x41))


def _resolve_here(record: Path) -> None:
    """Make the loopback device the only resolver of this mount namespace."""
    for folder in filter(os.path.isdir, _RESOLVERS):
        subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
    settings = record.with_suffix(".resolv")
    settings.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    if Path("/etc/resolv.conf").exists():
        subprocess.run(["mount", "--bind", str(settings), "/etc/resolv.conf"], check=True)


def _answer(server: socket.socket, names: list[str]) -> None:
    """Note the name of every query, and answer that it does not exist."""
    while True:
        query, sender = server.recvfrom(4096)
        labels, place = [], 12
        while length := query[place]:
            labels.append(query[place + 1 : place + 1 + length].decode(errors="replace"))
            place += 1 + length
        names.append(".".join(labels))
        head = query[:2] + b"\x81\x83" + query[4:6] + bytes(6)
        server.sendto(head + query[12 : place + 5], sender)


def _count_packets() -> int:
    """Return the kernel's counts of this namespace, added up."""
    total = 0
    lines = Path("/proc/net/snmp").read_text().splitlines()
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        kind, *heads = names.replace(":", "").split()
        counts = dict(zip(heads, map(int, values.split()[1:]), strict=True))
        total += sum(counts[name] for name in _COUNTED.get(kind, ()))
    six = dict(line.split() for line in Path("/proc/net/snmp6").read_text().splitlines())
    return total + sum(int(six.get(name, 0)) for name in _COUNTED6)


def main() -> int:
    """Run the command of the arguments and write the record."""
    record, command = Path(sys.argv[1]), sys.argv[2:]
    _raise_loopback()
    _resolve_here(record)
    names: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        threading.Thread(target=_answer, args=(server, names), daemon=True).start()
        before = _count_packets()
        code = subprocess.run(command).returncode
        record.write_text(json.dumps({"names": names, "packets": _count_packets() - before}))
        return code


if __name__ == "__main__":
    # The daemon thread must not touch the closed socket while Python ends.
    sys.stdout.flush()
    os._exit(main())
