"""``python -m tests.fuzz``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fuzz.run import main

sys.exit(main())
