"""Studies of the zoo: files in ``recipes/studies/``, of the user's own zoo first."""

from __future__ import annotations

from pathlib import Path

from zooctl.catalog.root import zoo_roots
from zooctl.errors import InputError
from zooctl.schema import strict_yaml
from zooctl.schema.explain import nearest
from zooctl.schema.study import Study

_FOLDER = "recipes/studies"


def study_names() -> list[str]:
    """Return the names of all studies, sorted."""
    files = (path for root in zoo_roots() for path in (root / _FOLDER).glob("*.yaml"))
    return sorted({path.stem for path in files})


def study_of(name: str) -> Study:
    """Read a study of the zoo, or a file.

    Args:
        name: Name, or path ending in ``.yaml`` or ``.yml``.

    Raises:
        InputError: There is no such study, or its file is wrong.
    """
    if name.endswith((".yaml", ".yml")):
        return strict_yaml.parse(Study, strict_yaml.load(Path(name)))
    for root in zoo_roots() if name in study_names() else ():
        path = root / _FOLDER / f"{name}.yaml"
        if path.is_file():
            study = strict_yaml.parse(Study, strict_yaml.load(path))
            if study.name != name:
                raise InputError(
                    "name differs from the file's", path=path, field="name", got=study.name
                )
            return study
    known = study_names()
    raise InputError(
        "no such study",
        got=name,
        expected=", ".join(known),
        hint=nearest(name, known) or "zooctl studies list",
    )
