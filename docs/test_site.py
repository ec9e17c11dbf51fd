"""The built site: what a browser is not needed for. `nox -s docs` builds it and runs this."""

import re
import runpy
from html import unescape
from importlib import metadata
from pathlib import Path

import pytest

import agencia_async

DOCS = Path(__file__).parent
SITE = DOCS / "_build/html"
PAGES = sorted(
    page.relative_to(DOCS).with_suffix("") for page in [*DOCS.glob("*.md"), *DOCS.glob("[!_]*/*.md")]
)


def html(page: Path | str) -> str:
    return (SITE / f"{page}.html").read_text(encoding="utf-8")


def link(page: str, text: str) -> set[str]:
    """Where a word in the annotations of a page leads."""
    pattern = rf'<a class="reference \w+" href="([^"]+)" title="[^"]*"><span class="pre">{text}</span>'
    return set(re.findall(pattern, html(page)))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_each_page_says_in_its_head_what_it_is_about(page: Path) -> None:
    (title,) = re.findall(r"<head>.*?<title>(.*?)</title>", html(page), re.DOTALL)
    (description,) = re.findall(r'<meta name="description" content="(.*?)">', html(page))

    assert title.endswith(f"agencia-async {metadata.version('agencia-async')}")
    assert 40 <= len(unescape(description)) <= 250


def test_the_file_for_language_models_lists_each_page() -> None:
    text = (SITE / "llms.txt").read_text(encoding="utf-8")
    listed = re.findall(r"^- \[.+\]\((.+)\): .+$", text, re.MULTILINE)

    assert [address for address in listed if not (SITE / address).is_file()] == []
    assert len(listed) == len(PAGES) - 1  # the index is the file itself


def test_types_lead_to_the_library_that_has_them() -> None:
    assert link("reference/client", "AsyncClient") == {"https://www.python-httpx.org/api/#asyncclient"}
    assert link("reference/journal", "AsyncClient") == {"client.html#agencia_async.AsyncClient"}
    assert link("reference/client", "type") == {"https://docs.python.org/3/library/functions.html#type"}
    assert link("reference/records", "Decimal") == {
        "https://docs.python.org/3/library/decimal.html#decimal.Decimal"
    }
    assert link("reference/records", "OrderState") == {"states.html#agencia_async.OrderState"}


def test_the_reference_leads_to_the_code() -> None:
    assert 'href="../_modules/agencia_async/client.html#AsyncClient"' in html("reference/client")


def test_public_names_have_the_address_that_users_import() -> None:
    pages = "".join(html(page) for page in PAGES if page.parts[0] == "reference")

    assert [name for name in agencia_async.__all__ if f'id="agencia_async.{name}"' not in pages] == []


def test_the_words_of_the_search_are_of_pages_that_exist() -> None:
    words = runpy.run_path(str(DOCS / "_ext/search_words.py"))["WORDS"]

    assert set(words) <= set(map(str, PAGES))


def test_a_missing_page_finds_its_styles_from_any_folder() -> None:
    assert re.findall(r'(?:href|src)="(?!/|#|https?:)([^"]+)"', html("404")) == []


def test_prompts_and_outputs_are_not_copied() -> None:
    assert "'.linenos, .gp, .go'" in (SITE / "_static/copybutton.js").read_text(encoding="utf-8")
