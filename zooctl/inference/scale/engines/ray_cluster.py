"""A Ray cluster that is joined, or started on this machine, while work is done on it."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from zooctl.errors import InputError, NetworkError, install_hint

_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # no telemetry
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_raylet_start_wait_time_s": "120",  # a busy machine may take longer than the 30 of Ray
}


@contextmanager
def join_cluster(address: str | None, cpus: int | None = None) -> Iterator[None]:
    """Join a cluster, or start Ray on this machine, while the block runs.

    Args:
        address: Of the cluster; None or ``local`` for this machine alone.
        cpus: Most CPUs of this machine; None for all.

    Raises:
        InputError: Ray is not installed.
        NetworkError: No cluster answers.
    """
    os.environ.update(_SETTINGS)
    try:
        import ray
    except ImportError as error:
        raise InputError("Ray is not installed", got=str(error), hint=install_hint("ray")) from None
    here = address is None or address == "local"
    if address is not None:
        check_address(address)
    own = {"num_cpus": cpus, "include_dashboard": False} if here else {}
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(
            address=address or "local", log_to_driver=False, logging_level=logging.ERROR, **own
        )
    except Exception as error:  # Ray has no class for a node that does not start in time
        raise NetworkError(
            "Ray cannot be reached",
            got=f"{address or 'this machine'}: {str(error).partition(chr(10))[0]}",
            hint="export RAY_AUTH_MODE=token if it was started with a token",
        ) from None
    try:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)  # Ray replaces it.
        yield
    finally:
        ray.shutdown()


def check_address(address: str) -> None:
    """Refuse an address without a cluster at once; Ray would try it for minutes.

    Raises:
        NetworkError: It does not answer.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return  # such as `auto`, which Ray resolves
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise NetworkError(
            "no Ray cluster answers",
            got=f"{address}: {error}",
            hint="ray start --head says its address",
        ) from None
