"""What a page is about: in its head, for search engines, and in `llms.txt`, for language models."""

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

_LONGEST = 200  # characters; a search engine shows no more


def description(doctree: nodes.document) -> str:
    """The first sentences of the first paragraph."""
    paragraph = next((node for node in doctree.findall(nodes.paragraph) if _is_text(node)), None)
    text = " ".join(paragraph.astext().split()).rstrip(":") if paragraph else ""
    told = ""
    for sentence in re.split(r"(?<=[.?!]) (?=[A-Z`])", text):
        if told and len(told) + len(sentence) >= _LONGEST:
            break
        told = f"{told} {sentence}".strip()
    return told


def _is_text(paragraph: nodes.paragraph) -> bool:
    return isinstance(paragraph.parent, nodes.section)


def _describe(
    _app: Sphinx, _page: str, _template: str, context: dict[str, str], doctree: nodes.document | None
) -> None:
    if doctree:
        context["metatags"] += f'<meta name="description" content="{escape(description(doctree))}">\n'


def _address(env: BuildEnvironment, page: str) -> str:
    """The Markdown of a page, or its HTML where the Markdown only names what stands elsewhere."""
    is_plain = "```{" not in Path(env.doc2path(page)).read_text(encoding="utf-8")
    return f"_sources/{page}.md.txt" if is_plain else f"{page}.html"


def _lines(env: BuildEnvironment) -> Iterator[str]:
    index = env.get_doctree("index")
    yield f"# {env.config.project}\n\n> {description(index)}\n"
    for tree in index.findall(addnodes.toctree):
        yield f"\n## {tree['caption']}\n\n"
        for _, page in tree["entries"]:
            title, about = env.titles[page].astext(), description(env.get_doctree(page))
            yield f"- [{title}]({_address(env, page)}): {about}\n"


def _write_llms_txt(app: Sphinx, exception: Exception | None) -> None:
    """List all pages as the index has them (https://llmstxt.org)."""
    if exception is None and app.builder.format == "html":
        Path(app.outdir, "llms.txt").write_text("".join(_lines(app.env)), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect them."""
    app.connect("html-page-context", _describe)
    app.connect("build-finished", _write_llms_txt)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
