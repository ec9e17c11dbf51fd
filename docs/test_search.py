"""The built search answers the words that people come with. `nox -s docs` builds it and runs this."""

import json
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sphinx.search.en import SearchEnglish

SITE = Path(__file__).parent / "_build/html"
LANGUAGE = SearchEnglish({})

QUESTIONS = {
    "backoff": "retries",
    "429": "rate-limiting",
    "token bucket": "rate-limiting",
    "FastAPI": "howto/*",
    "Telegram": "howto/*",
    "Django": "howto/*",
    "cron": "howto/*",
    "Celery": "howto/*",
    "Jupyter": "howto/*",
    "Excel": "howto/*",
    "mock": "sandbox",
    "webhook": "watching",
    "callback": "watching",
    "proxy": "configuration",
    "multiple accounts": "configuration",
    "double order": "journal",
    "timeout": "errors",
    "timeout of an order": "journal",
    "refund": "orders",
    "refunds": "howto/refunds",
    "extras": "settings",
    "TestClient": "howto/fastapi",
    "partial": "orders",
    "not enough funds": "errors",
    "incorrect order id": "errors",
}
"""What people search for, and a page that has to be among the answers."""


@cache
def index() -> dict[str, Any]:
    text = (SITE / "searchindex.js").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
    return content


def named(places: int | Iterable[int]) -> set[str]:
    return {index()["docnames"][place] for place in ([places] if isinstance(places, int) else places)}


def with_word(word: str) -> set[str]:
    """The pages whose text or headings have a word."""
    stem = LANGUAGE.stem(word.lower())
    return named(index()["terms"].get(stem, [])) | named(index()["titleterms"].get(stem, []))


def with_entry(text: str) -> set[str]:
    """The pages that the index names for a text: an entry that has it, and is at most twice as long."""
    return {
        page
        for entry, places in index()["indexentries"].items()
        if text.lower() in entry and len(text) >= len(entry) / 2
        for page in named([page for page, *_ in places])
    }


def answers(question: str) -> set[str]:
    """The pages that the search page lists."""
    words = [word for word in LANGUAGE.split(question) if LANGUAGE.word_filter(LANGUAGE.stem(word.lower()))]
    return with_entry(question).union(set.intersection(*map(with_word, words)) if words else ())


@pytest.mark.parametrize(("question", "page"), QUESTIONS.items())
def test_the_search_answers(question: str, page: str) -> None:
    found = answers(question) - {"changelog"}

    assert [answer for answer in found if fnmatchcase(answer, page)]


def test_the_search_does_not_answer_everything() -> None:
    assert answers("blockchain") == set()
