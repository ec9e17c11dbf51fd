"""Draw the layers of the package: `python docs/draw_architecture.py` writes `architecture.svg`.

`LAYERS` is the picture. A module or a folder imports from the layers below its own, and from what stands to
the right of it in its own layer; `tests/test_picture.py` compares that with what `tests/test_house.py` says.
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple


class Room(NamedTuple):
    """A module or a folder (both, where the one is the face of the other), what it holds, and its kind."""

    names: str
    says: str
    kind: str


LAYERS = {
    "command": (
        Room("cli/", "command line · typer, rich", "entry"),
        Room("pytest_plugin.py", "fixtures · pytest", "entry"),
    ),
    "public API": (
        Room("__init__.py", "public names", "entry"),
        Room("journal.py", "idempotent orders", "entry"),
        Room("_journal/", "entries, store · SQLAlchemy", "io"),
    ),
    "extensions": (
        Room("workers.py", "many machines · streaQ", "entry"),
        Room("_workers/", "chunks, queue", "io"),
        Room("instrumentation/", "OpenTelemetry", "io"),
    ),
    "client": (
        Room("client.py", "one method for each action", "entry"),
        Room("_client/", "options, composition root", "io"),
    ),
    "many ids": (Room("_bulk/", "batches, bisection, one item for each id", "io"),),
    "watching": (Room("_watch/", "what is asked when, what changed", "io"),),
    "one call": (Room("_calls/", "attempts, retries, deadline, retry budget · tenacity", "io"),),
    "I/O and limits": (
        Room("_transport/", "connections, API key · httpcore, httpx, aiohttp", "io"),
        Room("_limits/", "slots, permits, outages · redis", "io"),
    ),
    "protocol, tasks": (
        Room("_protocol/", "forms out, replies in · msgspec, cattrs", "pure"),
        Room("_concurrency/", "worker pool, coalescer, single flight", "io"),
    ),
    "catalogue": (
        Room("catalogue.py", "services, prices", "pure"),
        Room("_catalogue/", "what changed", "pure"),
    ),
    "orders": (
        Room("orders.py", "a class for each type of service", "pure"),
        Room("_orders/", "base class, fields", "pure"),
    ),
    "records": (
        Room("models.py", "records, results", "pure"),
        Room("_models/", "their parts", "pure"),
        Room("_checks.py", "argument checks", "pure"),
    ),
    "foundation": (
        Room("hooks.py", "what is told of calls", "pure"),
        Room("errors.py", "exceptions", "pure"),
        Room("states.py", "states", "pure"),
        Room("_plain/", "plain data, in and out", "pure"),
    ),
}
APART = (
    "sandbox/",
    "the mock panel",
    "(uvicorn)",
    "",
    "imports nothing",
    "of the package;",
    "used by cli/ and",
    "pytest_plugin.py",
)
KINDS = {"entry": "entry point", "io": "asyncio, I/O", "pure": "pure: no I/O, no event loop"}

_LEFT, _RIGHT, _TOP, _HEIGHT, _GAP = 130, 760, 56, 52, 10
_STYLE = """<style>
.back { fill: #fff } .text { fill: #222 } .faint { fill: #555 } .box { stroke: #666 }
.entry { fill: #f7ecd6 } .io { fill: #dfe9f7 } .pure { fill: #dff0e4 } .apart { fill: #f0f0f0 }
.name { font-family: monospace; font-size: 14px }
@media (prefers-color-scheme: dark) {
.back { fill: #16181b } .text { fill: #e3e3e3 } .faint { fill: #a8a8a8 } .box { stroke: #888 }
.entry { fill: #4d3d1c } .io { fill: #22395a } .pure { fill: #1f4530 } .apart { fill: #2b2b2b }
}
</style>"""


def _text(x: float, y: float, words: str, more: str = 'class="text"') -> str:
    return f'<text x="{x:g}" y="{y:g}" {more}>{escape(words)}</text>'


def _box(x: float, y: float, width: float, height: float, kind: str, more: str = "") -> str:  # noqa: PLR0913, PLR0917
    place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
    return f'<rect {place} rx="4" class="box {kind}"{more}/>'


def _layer(title: str, rooms: tuple[Room, ...], top: float) -> Iterator[str]:
    yield _text(20, top + 31, title, 'class="faint"')
    width = (_RIGHT - _LEFT - _GAP * (len(rooms) - 1)) / len(rooms)
    for place, room in enumerate(rooms):
        left = _LEFT + place * (width + _GAP)
        yield _box(left, top, width, _HEIGHT, room.kind)
        yield _text(left + width / 2, top + 22, room.names, 'class="text name" text-anchor="middle"')
        yield _text(left + width / 2, top + 41, room.says, 'class="text" text-anchor="middle"')


def _apart(bottom: float) -> Iterator[str]:
    yield _box(800, _TOP, 140, bottom - _TOP, "apart", ' stroke-dasharray="6 4"')
    name, *lines = APART
    middle = (_TOP + bottom) / 2 - 70
    yield _text(870, middle, name, 'class="text name" text-anchor="middle"')
    for place, line in enumerate(lines, start=1):
        yield _text(870, middle + 8 + 18 * place, line, 'class="text" text-anchor="middle"')
    arrow = f"M{_RIGHT} {_TOP + 25}h32v-5l8 6l-8 6v-5h-32z"
    yield f'<path d="{arrow}" class="faint"/>'


def _key(top: float) -> Iterator[str]:
    for (kind, says), left in zip(KINDS.items(), (130, 250, 380), strict=True):
        yield _box(left, top, 16, 14, kind)
        yield _text(left + 22, top + 11, says)


def drawn() -> str:
    """The picture."""
    bottom = _TOP + len(LAYERS) * (_HEIGHT + _GAP) - _GAP
    height = bottom + 60
    layers = ", ".join(LAYERS)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 {height}" width="960" height="{height}"',
        'font-family="sans-serif" font-size="12" role="img" aria-labelledby="title desc">',
        '<title id="title">The layers of agencia_async</title>',
        f'<desc id="desc">From top to bottom: {layers}. Imports point down, or to the right within a layer.',
        "The sandbox stands apart and imports nothing of the package.</desc>",
        _STYLE,
        f'<rect width="960" height="{height}" rx="8" class="back"/>',
        _text(20, 32, "Imports point down, or to the right within a layer", 'class="text" font-size="16"'),
    ]
    for place, (title, rooms) in enumerate(LAYERS.items()):
        lines += _layer(title, rooms, _TOP + place * (_HEIGHT + _GAP))
    return "\n".join([*lines, *_apart(bottom), *_key(bottom + 26), "</svg>\n"])


if __name__ == "__main__":
    Path(__file__).with_name("architecture.svg").write_text(drawn(), encoding="utf-8")
