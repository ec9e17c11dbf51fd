"""How Sphinx builds these pages."""

import re
import sys
from importlib import metadata
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "agencia-async"
author = "The agencia-async authors"
release = metadata.version(project)

extensions = [
    "myst_parser",
    "notfound.extension",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "descriptions",
    "number_cells",
    "references",
    "search_words",
    "shown_examples",
]
exclude_patterns = ["_build", "examples"]

html_theme = "furo"
html_title = f"{project} {release}"
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_logo = html_favicon = "_static/logo.svg"
pygments_style, pygments_dark_style = "default", "github-dark"

copybutton_exclude = ".linenos, .gp, .go"  # neither the prompt nor what is printed

notfound_urls_prefix = "/"  # wherever the missing page is, its styles are found from the top
notfound_context = {
    "title": "Page not found",
    "body": '<h1>Page not found</h1>\n<p>The <a href="/search.html">search</a> may know where it is now.</p>',
}

default_role = "code"  # docstrings put code between single backquotes
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}
napoleon_attr_annotations = False  # the signature has them
python_maximum_signature_line_length = 90
python_use_unqualified_type_names = True

# What these pages do not describe: what a type checker alone needs.
nitpick_ignore_regex = [
    ("py:.*", r"(opentelemetry\..*|Worker|agencia_async\._workers\.queue\.Queue)"),
    (
        "py:.*",
        r"agencia_async\.(_models\.(bulk|watching)\.[TD]|_watch\.(watched\.S|watcher\.WatchTerms)|_journal\.watching\.(OpenJournal|Watchers)|_client\.options\.(Call)?Options|_limits\.rate_limit\.Limit)",
    ),
    ("py:.*", r"agencia_async\.sandbox\.catalogue\.ListedService"),
    ("py:.*", r"Worker|agencia_async\._workers\.queue\.Queue"),
]


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
    """Show defaults as Python: a function by its name, and one that is made anew each time as `...`."""
    shown = re.sub(r"<(?:built-in )?function (\w+).*?>", r"\1", signature or "").replace("= NOTHING", "= ...")
    return shown or signature, returns


def setup(app: Sphinx) -> None:
    """Connect them."""
    app.connect("autodoc-process-docstring", _detach)
    app.connect("autodoc-process-signature", _readable)
