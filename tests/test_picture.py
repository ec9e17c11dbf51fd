"""The picture of the architecture: every room is in it, and imports point as it says."""

import re
import runpy
from pathlib import Path

from tests.test_house import MAY, PACKAGE

ROOT = PACKAGE.parent
DRAWING = runpy.run_path(str(ROOT / "docs/draw_architecture.py"))
PICTURE = (ROOT / "docs/architecture.svg").read_text(encoding="utf-8")
NAMES: list[str] = re.findall(r'class="text name"[^>]*>([\w./]+)<', PICTURE)
PLACES = {name.rstrip("/").removesuffix(".py"): place for place, name in enumerate(NAMES)}
"""The modules and folders from top to bottom, and in a layer from left to right."""


def test_the_picture_is_what_the_script_draws() -> None:
    assert DRAWING["drawn"]() == PICTURE


def named(path: Path) -> str:
    return path.name if path.is_file() else f"{path.name}/"


def test_every_room_is_in_the_picture() -> None:
    rooms = [*PACKAGE.glob("*.py"), *(path.parent for path in PACKAGE.glob("*/__init__.py"))]

    assert sorted(NAMES) == sorted(named(path) for path in rooms if path.name != "__main__.py")


def test_imports_point_down_or_to_the_right() -> None:
    imports = [
        (room, target)
        for room in PLACES
        for allowed in MAY.get(room, ())
        if (target := allowed.partition(".")[0]) in PLACES and target not in {room, "sandbox"}
    ]

    assert len(imports) > len(PLACES)
    assert [pair for pair in imports if PLACES[pair[0]] >= PLACES[pair[1]]] == []
