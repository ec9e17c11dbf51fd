"""The architecture: each layer imports what it may, and each library has one adapter."""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import agencia_async

PACKAGE = Path(agencia_async.__file__).parent
FILES = {
    "agencia_async." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
"""Each file by its module's name; a package's own is `x.__init__`."""

UNKNOWN = "*"
"""A module whose name is not known before the program runs."""
RECORDS = ("_plain", "errors", "states", "models", "_models")
CALLS = (*RECORDS, "_checks", "_orders", "_concurrency", "_protocol", "_transport", "_limits")
FACES = (
    "errors",
    "hooks",
    "states",
    "models",
    "orders",
    "catalogue",
    "client",
    "journal",
    "pytest_plugin",
    "workers",
)
MAY = {
    "_plain": (),
    "errors": ("_plain",),
    "hooks": ("errors",),
    "states": (),
    "_models": ("_plain", "errors", "states"),
    "models": ("_plain", "errors", "states", "_models"),
    "_checks": ("errors",),
    "_orders": (*RECORDS, "_checks"),
    "orders": (*RECORDS, "_checks", "_orders"),
    "_catalogue": RECORDS,
    "catalogue": (*RECORDS, "orders", "_catalogue"),
    "_concurrency": ("errors",),
    "_protocol": (*RECORDS, "_orders"),
    "_limits": ("errors", "_checks", "_concurrency", "_protocol.headers"),
    "_transport": ("errors", "_protocol.reply"),
    "_watch": (*RECORDS, "_checks", "_concurrency", "_protocol.plain_records"),
    "_calls": (*CALLS, "hooks"),
    "_bulk": (*CALLS, "_calls"),
    "_client": (*CALLS, "hooks", "_calls", "_bulk", "_watch", "orders"),
    "client": (*CALLS, "_calls", "_bulk", "_client", "orders", "catalogue"),
    "_journal": (*CALLS, "_calls", "_bulk", "_watch", "orders", "catalogue", "client"),
    "journal": (*CALLS, "_calls", "_bulk", "_watch", "orders", "client", "_journal"),
    "_workers": (*CALLS, "_calls", "_bulk", "_watch", "_client.profiles", "client"),
    "workers": (*CALLS, "_calls", "_bulk", "_watch", "_client.watching", "client", "_workers"),
    "instrumentation": ("hooks",),
    "__init__": (*CALLS, "_watch", "_calls", "_client.options", "orders", "catalogue", "client", UNKNOWN),
    "__main__": ("cli",),
    "pytest_plugin": ("__init__", "sandbox"),
    "sandbox": (),
    "cli.shell": (),
    "cli.text": (),
    "cli.interrupt": (),
    "cli.stderr": ("cli.text",),
    "cli.exit": ("__init__", "cli.interrupt", "cli.stderr", "cli.text"),
    "cli.input": ("__init__", "cli.exit", "cli.shell", "cli.stderr", "cli.text"),
    "cli.output": ("__init__", "cli.exit", "cli.text"),
    "cli.journal_option": ("journal", "cli.exit", "cli.shell"),
    "cli.panel_profiles": ("__init__", "_client.options", "_client.profiles"),
    "cli.panel_options": (
        "__init__",
        "cli.exit",
        "cli.journal_option",
        "cli.panel_profiles",
        "cli.request_log",
        "cli.shell",
        "cli.stderr",
    ),
    "cli.commands.place_waiting": (
        "__init__",
        "journal",
        "cli",
        "_concurrency",
        "_protocol.refusal_kinds",
    ),
    "cli.sandbox_profile": ("_client.profiles", "cli.exit"),
    "cli.request_log": ("__init__", "hooks", "cli.text"),
    "cli.options": (
        "__init__",
        "cli.exit",
        "cli.input",
        "cli.journal_option",
        "cli.output",
        "cli.panel_options",
        "cli.stderr",
        "cli.text",
    ),
    "cli.commands.on_final": ("__init__", "_concurrency", "cli"),
    "cli.commands.watch_run": ("__init__", "_concurrency", "cli"),
    "cli": ("__init__", "hooks", "journal", "sandbox", "cli"),
}
"""What each room may import besides itself: the most specific name counts, for who imports and for what."""
NEVER = {
    *("__init__", "__main__", "cli", "instrumentation", "journal", "_journal", "pytest_plugin", "sandbox"),
    *("workers", "_workers"),
}
"""What no room below the client may name, whatever `MAY` comes to say."""
BELOW = {
    *CALLS,
    "hooks",
    "_watch",
    "_calls",
    "_bulk",
    "_client",
    "client",
    "orders",
    "catalogue",
    "_catalogue",
}

ADAPTERS = {
    "aiohttp": {"_transport.aiohttp_engine"},
    "cattrs": {"_protocol.records"},
    "httpcore": {"_transport.asyncio_stream", "_transport.httpcore_engine", "_transport.tunnel"},
    "httpx": {
        "_client.mistakes",
        "_client.options",
        "_client.settings",
        "_transport.aiohttp_engine",
        "_transport.fast",
        "_transport.callers_own",
        "_transport.httpcore_engine",
        "_transport.address",
        "_transport.exchange",
        "_transport.foreign",
        "_transport.route",
        "_transport.wire",
        "cli.panel_options",
    },
    "msgspec": {"_protocol.decoding", "_protocol.fast_path"},
    "multidict": {"_transport.aiohttp_engine"},
    "opentelemetry": {"instrumentation.opentelemetry"},
    "pydantic": {"_plain", "errors"},
    "pydantic_core": {"_plain", "errors"},
    "redis": {"_limits.redis_store"},
    "rich": {"cli"},
    "sniffio": {"_transport.httpcore_engine"},
    "sqlalchemy": {"_journal"},
    "streaq": {"_workers.queue", "workers"},
    "sqlite3": {"_journal.backup", "_journal.database"},
    "tenacity": {"_calls.retry"},
    "typer": {"cli"},
    "uvicorn": {"sandbox.server"},
    "yarl": {"_transport.aiohttp_engine"},
}
"""The modules (or the rooms) that may import a library."""


class Import(NamedTuple):
    """A module that is imported, and the name that it is taken by."""

    module: str
    name: str | None = None


@cache
def nodes(text: str) -> tuple[ast.AST, ...]:
    """The whole tree of a module; parsing is nearly all that these tests cost."""
    return tuple(ast.walk(ast.parse(text)))


@cache
def read(module: str) -> str:
    return FILES[module].read_text(encoding="utf-8")


@cache
def imports(text: str) -> tuple[Import, ...]:
    """All that a module imports, inside functions and by `import_module` as well."""
    return tuple(_imports(text))


def _imports(text: str) -> Iterator[Import]:
    for node in nodes(text):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            yield from (Import(str(node.module), alias.name) for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node.func) in {"import_module", "__import__"}:
            yield Import(_literal(node.args[0]))


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _literal(argument: ast.expr) -> str:
    """The text of an argument; `*` where that is not known before it runs."""
    return str(argument.value) if isinstance(argument, ast.Constant) else UNKNOWN


def targets(text: str) -> Iterator[str]:
    """The modules of this package that a module imports, without the package's name."""
    for module, name in imports(text):
        full = f"{module}.{name}" if _is_ours(f"{module}.{name}") else module
        if full == UNKNOWN:
            yield UNKNOWN
        elif full == "agencia_async":
            yield "__init__"
        elif full.startswith("agencia_async."):
            yield full.removeprefix("agencia_async.")


def _is_ours(name: str) -> bool:
    return name in FILES or f"{name}.__init__" in FILES


def inside(name: str, rooms: object) -> str | None:
    """The most specific of the rooms that a module stands in."""
    known = [room for room in rooms if name == room or name.startswith(f"{room}.")]  # type: ignore[attr-defined]
    return max(known, key=len, default=None)


def forbidden(name: str, text: str) -> list[str]:
    """What a module imports and may not."""
    room = inside(name, MAY)
    assert room is not None, f"{name} stands in no room"
    allowed = [room, *MAY[room]]
    faults = [target for target in targets(text) if inside(target, allowed) is None]
    if room in BELOW:
        faults += [target for target in targets(text) if inside(target, NEVER) is not None]
    return faults


def short(module: str) -> str:
    return module.removeprefix("agencia_async.").removesuffix(".__init__")


def test_every_file_has_been_read() -> None:
    assert len(FILES) == len([*PACKAGE.rglob("*.py")])
    assert {"agencia_async.__init__", "agencia_async.cli.app", "agencia_async._limits.gate"} <= FILES.keys()


def test_imports_are_those_that_the_room_may_have() -> None:
    found = {module: forbidden(short(module), read(module)) for module in FILES}
    assert {module: faults for module, faults in found.items() if faults} == {}


FORBIDDEN = [
    ("_bulk.chunks", "from agencia_async import cli"),
    ("_bulk.chunks", "from agencia_async import AsyncClient"),
    ("_bulk.chunks", "import agencia_async.sandbox"),
    ("_bulk.splitting", "from agencia_async.client import AsyncClient"),
    ("_calls.retry", "def late():\n    from agencia_async._bulk import bulk"),
    ("_calls.sender", "import importlib\nimportlib.import_module('agencia_async.journal')"),
    ("_checks", "from agencia_async.models import Id"),
    ("_client.options", "from agencia_async import client"),
    ("_concurrency.workers", "from agencia_async._checks import check_whole"),
    ("_limits.cubic", "from agencia_async._protocol.reply import Reply"),
    ("_limits.cubic", "from agencia_async._transport import wire"),
    ("_limits.gate", "def late():\n    import agencia_async"),
    ("_orders.order", "from agencia_async.orders import DefaultOrder"),
    ("_protocol.actions", "from agencia_async._concurrency.workers import Tasks"),
    ("_protocol.actions", "__import__('agencia_async.cli.app')"),
    ("_protocol.refusals", "from importlib import import_module\nimport_module(f'{name}.x')"),
    ("_transport.wire", "from agencia_async._protocol.actions import Call"),
    ("_transport.wire", "from agencia_async._limits.gate import Gate"),
    ("catalogue", "from agencia_async import catalogue, pytest_plugin"),
    ("cli.commands.status", "from agencia_async._bulk.bulk import Bulk"),
    ("cli.input.ids", "from agencia_async.cli.output import rows"),
    ("cli.output.rows", "from agencia_async.cli.commands import place"),
    ("client", "from agencia_async.journal import Journal"),
    ("errors", "from agencia_async.models import Id"),
    ("journal", "from agencia_async.sandbox import Panel"),
    ("journal", "from agencia_async.workers import register"),
    ("sandbox.panel", "from agencia_async.models import Id"),
    ("workers", "from agencia_async.journal import Journal"),
]


@pytest.mark.parametrize(("module", "line"), FORBIDDEN)
def test_an_import_that_is_forbidden_is_found(module: str, line: str) -> None:
    assert forbidden(module, line)
    assert not forbidden(module, read(f"agencia_async.{module}"))


@pytest.mark.parametrize("library", ADAPTERS)
def test_a_library_is_imported_by_its_adapter_only(library: str) -> None:
    users = {
        short(module)
        for module in FILES
        for found, _ in imports(read(module))
        if found.split(".")[0] == library
    }
    assert {
        adapter for adapter in ADAPTERS[library] if any(inside(user, [adapter]) for user in users)
    } == ADAPTERS[library]
    assert {user for user in users if inside(user, ADAPTERS[library]) is None} == set()


def test_only_one_module_starts_tasks() -> None:
    starts = ("create_task(", "ensure_future(", "TaskGroup(", "asyncio.Task(")
    users = {short(module) for module in FILES if any(start in read(module) for start in starts)}
    assert users == {"_concurrency.tasks"}


def test_there_are_no_circles() -> None:
    graph = {
        short(module): {short(f"agencia_async.{target}") for target in targets(read(module))}
        - {short(module)}
        for module in FILES
    }
    while graph:
        leaves = {module for module, needs in graph.items() if not needs & graph.keys()}
        assert leaves, f"these modules import each other: {sorted(graph)}"
        graph = {module: needs for module, needs in graph.items() if module not in leaves}


# --- a room's form ------------------------------------------------------------------------------------


def test_beside_the_faces_there_are_only_folders() -> None:
    flat = {path.stem for path in PACKAGE.glob("*.py")}
    assert flat == {*FACES, "_checks", "__init__", "__main__"} & flat
    assert {*FACES, "_checks", "__init__"} <= flat


def test_a_folder_says_what_lives_there() -> None:
    folders = [module for module in FILES if module.endswith(".__init__")]
    assert [module for module in folders if not ast.get_docstring(ast.parse(read(module)))] == []


def test_a_file_is_one_concept() -> None:
    lines = {module: len(read(module).splitlines()) for module in FILES}
    most = {"agencia_async.client": 400}
    assert {module: count for module, count in lines.items() if count > most.get(module, 350)} == {}


def definitions(kind: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    for module in FILES:
        yield from ((module, node) for node in nodes(read(module)) if isinstance(node, kind))


def test_no_two_classes_share_a_name() -> None:
    names = Counter(node.name for _, node in definitions(ast.ClassDef) if isinstance(node, ast.ClassDef))
    assert [name for name, times in names.items() if times > 1] == []


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of its body, without its docstring."""
    body = function.body[1 if ast.get_docstring(function) else 0 :]
    return int(body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_function_is_longer_than_thirty_lines() -> None:
    functions = [
        (module, node)
        for kind in (ast.FunctionDef, ast.AsyncFunctionDef)
        for module, node in definitions(kind)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [(module, node.name) for module, node in functions if _length(node) > 30] == []
