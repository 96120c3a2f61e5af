"""The commit that a zoo is at, so that a report can be compared with the history."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from zooctl.reproduction.report.rows import Commit

_SECONDS = 60


def commit_of(root: Path) -> Commit:
    """Return the commit that a zoo's folder is at, and the files that differ from it.

    Files that git does not track are no part of a commit and are passed over.

    Args:
        root: Of the zoo.
    """
    revision = _git(root, "rev-parse", "--verify", "HEAD^{commit}")
    changed = _git(root, "status", "--porcelain", "-z", "--untracked-files=no", "--no-renames")
    if revision is None or changed is None:
        return Commit(revision=None)
    files = (line[3:] for line in changed.split("\0") if line)
    return Commit(revision=revision.strip(), changed=tuple(sorted(files)))


def has_commit(root: Path, revision: str) -> bool | None:
    """Say whether a repository has a commit; None where only a part of its history is here.

    Args:
        root: Of the zoo.
        revision: 40 hex digits.
    """
    if (_git(root, "rev-parse", "--is-shallow-repository") or "").strip() != "false":
        return None
    return _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}") is not None


def _git(root: Path, *arguments: str) -> str | None:
    """Return git's answer about a folder; None where there is no git or no repository."""
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    # The folder's own repository, though a hook of another one started this process.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603
            command, env=plain, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
