"""A link to an example that stands alone on its line is followed by the example's code.

So the pages are plain Markdown: where they are read as files, the link leads to the code.
"""

import re

from sphinx.application import Sphinx

LINK = re.compile(r"^\[`[^`]+`\]\(((?:\.\./)?examples/[^)]+\.(\w+))\)$", re.MULTILINE)
_LANGUAGES = {"py": "python", "service": "ini", "timer": "ini"}


def _shown(link: re.Match[str]) -> str:
    path, ending = link.groups()
    language = _LANGUAGES.get(ending, ending)
    return f"{link[0]}\n\n```{{literalinclude}} {path}\n:language: {language}\n```"


def _with_code(_app: Sphinx, _page: str, source: list[str]) -> None:
    source[0] = LINK.sub(_shown, source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect it."""
    app.connect("source-read", _with_code)
    return {"parallel_read_safe": True}
