"""Run every case in this process, through the command line itself, with an audit hook.

Every case runs twice: what Python imports and caches on the way is there before the hook looks.
Prints one JSON document.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hostile.generate import Case, Zoo, generate

FORBIDDEN = (
    *("exec", "compile", "import", "pickle.", "marshal.", "code.", "subprocess.", "socket."),
    *("os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "pty."),
    *("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"),
    *("os.chmod", "os.chown", "shutil.", "tempfile.", "ctypes.", "urllib.", "http."),
)
BEFORE = {"check_output", "open_genome"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Watch:
    """An audit hook, which can't be removed, only switched off."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "open":
            _, mode, flags = arguments
            if not (flags & _WRITES or set(mode or "") & set("wax+")):
                return
        elif not event.startswith(FORBIDDEN):
            return
        if _of_the_command_line():
            return
        self.on = False  # the rest is the hook's own work
        self.seen.append(f"{event} {str(arguments)[:120]}")
        self.on = True


def _of_the_command_line() -> bool:
    """Say whether an event is from the start of a command, before it opens a model.

    ``predict`` tries whether its target can be written, and opens the genome, which is sound.
    """
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name in BEFORE:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def run(arguments: list[str]) -> tuple[int, str]:
    """Run `zooctl` with these arguments; return its exit code and its output."""
    from zooctl.cli.main import main

    said = io.StringIO()
    sys.argv = ["zooctl", *arguments]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main()
        except SystemExit as left:
            return int(left.code or 0), said.getvalue()
    return 0, said.getvalue()


def control(watch: Watch, folder: Path) -> list[str]:
    """Do the deeds of a hostile file, and return the events that the hook recorded."""
    target = folder / "control"
    payload = b"cos\ngetcwd\n(tR."
    watch.seen, watch.on = [], True
    exec("1")
    __import__("pickle").loads(payload)
    subprocess.run(["true"], check=True)
    socket.socket().close()
    target.write_text("x")
    target.unlink()
    os.close(os.open(target, os.O_CREAT))
    watch.on = False
    return watch.seen


def tried(watch: Watch, case: Case) -> dict[str, Any]:
    watch.seen, watch.on = [], True
    began = time.perf_counter()
    code, said = run(case.arguments)
    watch.on = False
    return {
        "name": case.name,
        "code": code,
        "expected": case.code,
        "said": said[-2_000:],
        "seconds": time.perf_counter() - began,
        "seen": watch.seen,
    }


def examine_here(model: bytes, card: Any, codes: Any = None) -> Any:
    """Examine a graph in this process, where the hook sees it; the child is tested elsewhere."""
    from zooctl.inference import examine_in_child
    from zooctl.inference.graph.independence import draw_windows

    codes = draw_windows(card.input_length) if codes is None else codes
    return examine_in_child.examine_here(
        model, card.geometry, card.n_tracks, card.unknown_base, codes
    )


def main() -> None:
    from zooctl.inference import examine_in_child

    examine_in_child.examine = examine_here
    root = Path(tempfile.mkdtemp(dir=sys.argv[1])) / "zoo"
    os.environ |= {
        "ZOOCTL_ZOO": str(root),
        "ZOOCTL_HOME": str(root.parent / "home"),
        "ZOOCTL_DATA_MIRROR": str(root / "mirror"),
        "ZOOCTL_OFFLINE": "1",
        "HF_HUB_OFFLINE": "1",
    }
    cases = generate(root)
    if len(sys.argv) > 2:
        cases = [case for case in cases if case.name.startswith(sys.argv[2])]
    sound = Zoo(root.parent / "sound")
    graph = sound.root / "zoo/toy/model.onnx"
    accepted = [run(sound.adopt(graph, "adopted"))[0], run(sound.predict("toy"))[0]]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    accepted += [run(case.arguments)[0] for case in cases]
    listing = sorted(str(path.relative_to(root.parent)) for path in root.parent.rglob("*"))
    watch = Watch()
    results = [tried(watch, case) for case in cases]
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    left = sorted(str(path.relative_to(root.parent)) for path in root.parent.rglob("*"))
    document = {
        "sound": accepted[:2],
        "first": accepted[2:],
        "results": results,
        "grown_megabytes": (after - before) / 1024,
        "written": sorted(set(left) ^ set(listing)),
        "outputs": [path for path in left if path.endswith((".bw", "mine", "mine.yaml"))],
        "control": control(watch, root.parent),
        "modules": sorted(m for m in ("torch", "joblib", "dill") if m in sys.modules),
    }
    print(json.dumps(document))


if __name__ == "__main__":
    main()
