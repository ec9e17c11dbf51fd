import ast
import sys
from pathlib import Path

import agencia_async.sandbox as face

FOLDER = Path(face.__file__).parent


def imported(tree: ast.AST) -> set[str]:
    nodes = list(ast.walk(tree))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def test_it_stands_on_the_standard_library_alone() -> None:
    for path in FOLDER.glob("*.py"):
        for name in imported(ast.parse(path.read_text())):
            is_own = name.startswith("agencia_async.sandbox")
            is_server = path.name == "server.py" and name.split(".")[0] == "uvicorn"
            assert is_own or is_server or name.split(".")[0] in sys.stdlib_module_names, (path.name, name)


def test_uvicorn_waits_until_it_is_needed() -> None:
    body = ast.parse((FOLDER / "server.py").read_text()).body
    imports = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert not any(name.startswith("uvicorn") for node in imports for name in imported(node))


def test_the_face_is_sorted_and_documented() -> None:
    assert (
        face.__all__
        == sorted(face.__all__)
        == [
            "DIALECTS",
            "Faults",
            "LedgerEntry",
            "Panel",
            "StatementEntry",
            "serve",
            "serve_in_thread",
        ]
    )
    assert all(getattr(face, name).__doc__ for name in face.__all__)
