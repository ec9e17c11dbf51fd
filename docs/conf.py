"""How Sphinx builds these pages."""

import re

from docutils.nodes import Element, TextElement
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import agencia_async
import agencia_async.hooks
import agencia_async.journal
import agencia_async.sandbox
import agencia_async.workers
from agencia_async.instrumentation import opentelemetry

project = "agencia-async"
author = "The agencia-async authors"
release = "0.1.0"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "agencia-async"
html_show_copyright = False

default_role = "code"  # docstrings put code between single backquotes
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}
napoleon_attr_annotations = False  # the signature has them
python_maximum_signature_line_length = 90
python_use_unqualified_type_names = True

# What these pages do not describe: the standard library, httpx, and what a type checker alone needs.
nitpick_ignore_regex = [
    ("py:.*", r"_?pytest\..*"),
    ("py:.*", r"opentelemetry\..*"),
    ("py:.*", r"(collections|contextlib|contextvars|decimal|httpx|os|ssl|types|typing)\..*"),
    ("py:.*", r"(Decimal|datetime\.date(time)?|ExceptionGroup|KeyError|OSError|ValueError|StrEnum)"),
    (
        "py:.*",
        r"agencia_async\.(_models\.bulk\.[TD]|_client\.options\.(Call)?Options|_limits\.rate_limit\.Limit|orders\._Dripped)",
    ),
    ("py:.*", r"agencia_async\.sandbox\.catalogue\.ListedService"),
]

_PUBLIC = dict.fromkeys(agencia_async.__all__, "agencia_async")
_PUBLIC |= dict.fromkeys(agencia_async.hooks.__all__, "agencia_async.hooks")
_PUBLIC |= dict.fromkeys(opentelemetry.__all__, opentelemetry.__name__)
_PUBLIC |= dict.fromkeys(agencia_async.journal.__all__, "agencia_async.journal")
_PUBLIC |= dict.fromkeys(agencia_async.workers.__all__, "agencia_async.workers")
_PUBLIC |= dict.fromkeys(agencia_async.sandbox.__all__, "agencia_async.sandbox")


def _as_imported(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: TextElement
) -> Element | None:
    """Link a type, which annotations name by the module that defines it, to the name that users import."""
    name = node["reftarget"].rpartition(".")[2]
    if name not in _PUBLIC:
        return None
    target = f"{_PUBLIC[name]}.{name}"
    domain = env.domains.python_domain
    return domain.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], target, node, content)


def _detach(_app: Sphinx, _kind: str, _name: str, _what: object, _options: object, lines: list[str]) -> None:
    """Let a plural follow code (`BulkItem`s), which reStructuredText does not."""
    lines[:] = [re.sub(r"(`[^`]+`)(?=\w)", r"\1\\ ", line) for line in lines]


def _readable(
    _app: Sphinx,
    _kind: str,
    _name: str,
    _what: object,
    _options: object,
    signature: str | None,
    returns: str | None,
) -> tuple[str | None, str | None]:
    """Show a default that is a function by its name; its `repr` is no Python."""
    return signature and re.sub(r"<(?:built-in )?function (\w+).*?>", r"\1", signature), returns


def setup(app: Sphinx) -> None:
    """Connect them."""
    app.connect("missing-reference", _as_imported)
    app.connect("autodoc-process-docstring", _detach)
    app.connect("autodoc-process-signature", _readable)
