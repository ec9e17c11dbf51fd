"""Where the types of the reference lead: to the public name, or to the pages of the library that has them.

The inventories of other libraries are small lists in `_inventories`, so that a build needs no network. A line
is what an `objects.inv` holds: a name, its kind, a priority, the address below the library's pages (`$` is
the name), and the text to show (`-` is the name).
"""

import builtins
import zlib
from pathlib import Path

from docutils import nodes
from docutils.nodes import Element, TextElement
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment

import agencia_async
import agencia_async.hooks
import agencia_async.journal
import agencia_async.sandbox
import agencia_async.workers
from agencia_async.instrumentation import opentelemetry

_LIBRARIES = {
    "python": "https://docs.python.org/3/",
    "httpx": "https://www.python-httpx.org/",
    "attrs": "https://www.attrs.org/en/stable/",
    "pytest": "https://docs.pytest.org/en/stable/",
}
_HEAD = """# Sphinx inventory version 2
# Project: {}
# Version:
# The remainder of this file is compressed using zlib.
"""

_MODULES = (
    agencia_async,
    agencia_async.hooks,
    opentelemetry,
    agencia_async.journal,
    agencia_async.sandbox,
    agencia_async.workers,
)
_PUBLIC = {name: module.__name__ for module in _MODULES for name in module.__all__}


def _inventory(lines: Path, folder: Path) -> str:
    """Write a list as intersphinx reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{lines.stem}.inv"
    file.write_bytes(_HEAD.format(lines.stem).encode() + zlib.compress(lines.read_bytes()))
    return str(file)


def _find_libraries(app: Sphinx, config: Config) -> None:
    """Tell intersphinx where the lists are."""
    for name, address in _LIBRARIES.items():
        lines = Path(app.srcdir, "_inventories", f"{name}.txt")
        config.intersphinx_mapping[name] = (address, _inventory(lines, Path(app.doctreedir)))


def _keep_builtins_apart(_app: Sphinx, doctree: nodes.document) -> None:
    """Let `type` in an annotation be the class, not the field of that name of the record around it."""
    for node in doctree.findall(pending_xref):
        if node.get("reftype") == "class" and hasattr(builtins, node["reftarget"]) and "refspecific" in node:
            node["py:class"] = node["py:module"] = None
            del node["refspecific"]


def _without_private(_app: Sphinx, _name: str, _class: object, _options: object, bases: list[type]) -> None:
    """Show, instead of a base class that only saves lines, the one that users know."""
    bases[:] = [base.__base__ or base if base.__name__.startswith("_") else base for base in bases]


def _as_imported(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: TextElement
) -> Element | None:
    """Link a type, which annotations name by the module that defines it, to the name that users import."""
    package, _, name = node["reftarget"].rpartition(".")
    if name not in _PUBLIC or package.partition(".")[0] not in {"", "agencia_async"}:
        return None
    target = f"{_PUBLIC[name]}.{name}"
    domain = env.domains.python_domain
    return domain.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], target, node, content)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect them."""
    app.connect("config-inited", _find_libraries)  # before intersphinx reads its settings
    app.connect("autodoc-process-bases", _without_private)
    app.connect("doctree-read", _keep_builtins_apart)
    app.connect("missing-reference", _as_imported)
    return {"parallel_read_safe": True}
