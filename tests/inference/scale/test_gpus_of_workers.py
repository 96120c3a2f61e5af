"""Workers on a machine of several GPUs: each sees its own."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

from zooctl.inference.scale.engines import pool


@pytest.mark.parametrize(
    ("n", "shown", "device", "expected"),
    [
        (4, None, "cuda", ["0", "1", "2", "3"]),
        (2, "5,7", "cuda", ["5", "7"]),
        (1, None, "cuda", []),
        (4, None, "cpu", []),
    ],
)
def test_gpus(
    n: int,
    shown: str | None,
    device: str,
    expected: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "count_gpus", lambda: n)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if shown is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    assert pool.gpus_of({"device": device}) == expected


def test_workers_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that takes the place of a dead one gets the GPU that is free."""
    seen: list[str] = []

    def start(*command: Any, env: dict[str, str], **streams: Any) -> Any:
        seen.append(env["CUDA_VISIBLE_DEVICES"])
        ends = os.pipe()
        return SimpleNamespace(stdin=os.fdopen(ends[1], "wb"), stdout=os.fdopen(ends[0], "rb"))

    monkeypatch.setattr(pool, "count_gpus", lambda: 2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(pool.subprocess, "Popen", start)
    plan = SimpleNamespace(options={"session": {"device": "cuda"}})
    workers = pool.Pool(SimpleNamespace(address="x", plan=plan), [1, 2, 3], 3, "module")  # type: ignore[arg-type]
    for _ in range(3):
        workers._start()
    assert seen == ["0", "1", "0"]
    # One of GPU 0 dies; it has one worker now, as GPU 1 has, and comes first. Then GPU 1's dies.
    for gone, expected in (("0", "0"), ("1", "1")):
        keys = workers._watched.get_map().values()
        dead = next(key.data for key in list(keys) if key.data.gpu == gone)
        workers._watched.unregister(dead.stdout)
        dead.stdout.close()
        dead._stdin.close()
        dead._said.close()
        workers._start()
        assert seen[-1] == expected
    for key in list(workers._watched.get_map().values()):
        workers._watched.unregister(key.fileobj)
        key.data.stdout.close()
        key.data._stdin.close()
        key.data._said.close()
