"""The house stays as it is drawn: imports point down, and each outside library has one door."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "agencia_async"
FLOORS = {
    "errors": 0,
    "states": 0,
    "models": 0,
    "_checks": 0,
    "_fields": 0,
    "_order": 0,
    "orders": 0,
    "catalogue": 0,
    "_answers": 1,
    "_convert": 1,
    "_refusals": 1,
    "_plan": 1,
    "_records": 1,
    "_secret": 1,
    "_shape": 1,
    "_straight": 1,
    "_reply": 1,
    "_verdict": 1,
    "_protocol": 1,
    "_pause": 1,
    "_quota": 1,
    "_budget": 1,
    "_curve": 1,
    "_found": 1,
    "_httpx": 2,
    "_lanes": 2,
    "_aiohttp": 2,
    "_fast": 2,
    "_transport": 2,
    "_retry": 2,
    "_pace": 2,
    "_gate": 2,
    "_board": 2,
    "_share": 2,
    "_redis": 2,
    "_batch": 2,
    "_errand": 2,
    "_options": 2,
    "_sender": 3,
    "_desk": 3,
    "_ask": 3,
    "_bulk": 3,
    "client": 3,
    "journal": 4,
    "__init__": 4,
    "pytest_plugin": 5,
}
DOORS = {
    "cattrs": {"_records"},
    "msgspec": {"_convert", "_straight"},
    "tenacity": {"_retry"},
    "httpx": {"_aiohttp", "_fast", "_httpx", "_lanes", "_transport", "_options", "client"},
    "httpcore": {"_httpx"},
    "aiohttp": {"_aiohttp"},
    "redis": {"_board"},
}
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py"))


def imports(path: Path) -> set[str]:
    """The modules that a file imports, by their full names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports by a relative name"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def own(path: Path) -> set[str]:
    """The modules of this package that a file imports."""
    parts = [name.split(".") for name in imports(path)]
    return {name[1] for name in parts if name[0] == "agencia_async" and len(name) > 1 and name[1] in FLOORS}


def test_every_module_has_a_floor() -> None:
    assert sorted(FLOORS) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module: str) -> None:
    above = {name for name in own(PACKAGE / f"{module}.py") if FLOORS[name] > FLOORS[module]}
    assert above == set()


@pytest.mark.parametrize("library", DOORS)
def test_a_library_comes_in_by_its_own_door(library: str) -> None:
    users = {
        name
        for name in MODULES
        if library in {found.split(".")[0] for found in imports(PACKAGE / f"{name}.py")}
    }
    assert users == DOORS[library]


def test_only_one_module_starts_tasks() -> None:
    users = {
        name for name in MODULES if "create_task(" in (PACKAGE / f"{name}.py").read_text(encoding="utf-8")
    }
    assert users == {"_batch"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "sandbox").rglob("*.py")), ids=lambda path: path.stem)
def test_the_sandbox_shares_no_code_with_the_client(path: Path) -> None:
    assert {name for name in imports(path) if name.startswith("agencia_async.")} <= {
        name for name in imports(path) if name.startswith("agencia_async.sandbox")
    }


@pytest.mark.parametrize("path", sorted((PACKAGE / "cli").rglob("*.py")), ids=lambda path: path.stem)
def test_the_command_uses_the_public_face_only(path: Path) -> None:
    names = {
        name.removeprefix("agencia_async.") for name in imports(path) if name.startswith("agencia_async.")
    }
    assert [name for name in names if name.startswith("_")] == []


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_the_database_comes_in_by_the_journal_only(path: Path) -> None:
    names = {name.split(".")[0] for name in imports(path)}
    assert "sqlalchemy" not in names or path.parent.name == "_journal"
    inner = any(name.startswith("agencia_async._journal") for name in imports(path))
    assert not inner or path.parent.name == "_journal" or path.name == "journal.py"


def test_there_are_no_circles() -> None:
    graph = {module: own(PACKAGE / f"{module}.py") - {module} for module in MODULES}
    while graph:
        leaves = {module for module, needs in graph.items() if not needs & graph.keys()}
        assert leaves, f"these modules import each other: {sorted(graph)}"
        graph = {module: needs for module, needs in graph.items() if module not in leaves}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_a_file_is_one_concept(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350
