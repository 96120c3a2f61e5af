"""A worker process that knows all commands that can be planned (``inference.scale.worker``)."""

from __future__ import annotations

import sys

from zooctl.inference.scale.folder import PlanFolder
from zooctl.inference.scale.worker import serve
from zooctl.interpret.planned.verbs import VERBS

if __name__ == "__main__":
    serve(PlanFolder(sys.argv[1]), VERBS)
