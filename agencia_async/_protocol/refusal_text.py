"""From an error text to what it says: its words become concepts, in whatever language they are.

The work is bounded: a text is cut before it is normalized and after it grew, its words are counted, and each
word is looked up a bounded number of times.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache

from agencia_async._protocol.refusal_words import ENGLISH, Words
from agencia_async._protocol.refusal_words_es_pt import PORTUGUESE, SPANISH
from agencia_async._protocol.refusal_words_tr_ru import RUSSIAN, TURKISH
from agencia_async._protocol.refusal_words_vi_id import INDONESIAN, VIETNAMESE

LANGUAGES: tuple[Words, ...] = (ENGLISH, SPANISH, PORTUGUESE, TURKISH, VIETNAMESE, INDONESIAN, RUSSIAN)

LONGEST = 1000
"""Characters of a text that are looked at."""
_MOST_WORDS = 100
_LONGEST_STEM = 16

_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S{1,200}")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_JOINT = re.compile(r"(?<=\w)[._-](?=\w)")
_APOSTROPHE = "['`\N{ACUTE ACCENT}\N{RIGHT SINGLE QUOTATION MARK}]"
_CONTRACTED = re.compile(rf"(\bcan){_APOSTROPHE}t\b|n{_APOSTROPHE}t\b", re.IGNORECASE)
_LETTERS = str.maketrans({"\N{LATIN SMALL LETTER DOTLESS I}": "i", "đ": "d", "ß": "s", "_": " ", "-": " "})
_WORDS = re.compile(r"\w+|[.!?;|\n]+")

Clause = frozenset[str]
"""The concepts of one sentence."""


@lru_cache(maxsize=256)
def normalized(text: str) -> str:
    """Lower-case words without diacritics and addresses: one spelling for texts and for keys of texts."""
    text = _HUMP.sub(" ", _ADDRESS.sub(" ", text[:LONGEST]))  # as in invalidApiKey
    text = _JOINT.sub(" ", _CONTRACTED.sub(lambda found: f"{found[1] or ''} not", text))
    grown = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))[:LONGEST]
    return " ".join("".join(letter for letter in grown if not unicodedata.combining(letter)).split())


# What a denial makes of the words that it denies.
_DENIED: Mapping[str, str] = {
    "found": "unknown",
    "valid": "wrong",
    "active": "inactive",
    "able": "off",
    "enough": "lacking",
    "given": "missing",
    "done": "unfinished",
    "doing": "unfinished",
    "verified": "pending",
    "authorised": "denied",
    "eligible": "off",
    "private": "public",
    "success": "fault",
    "public": "private",
    "missing": "missing",
}
_PACE = frozenset({"per", "period"})
_SUBJECTS = {"funds", "order", "service", "refill", "cancel", "key", "api", "link", "user", "account", "id"}
_REACH = 6  # words
_NEAR = 3  # words

_Phrase = tuple[tuple[str, ...], str]


class _Vocabulary:
    """The phrases of all languages, by their first word or its stem."""

    def __init__(self) -> None:
        self._exact: dict[str, list[_Phrase]] = {}
        self._stems: dict[str, list[_Phrase]] = {}
        for words in LANGUAGES:
            for concept, phrases in words.items():
                for phrase in phrases.split(","):
                    self._add(tuple(phrase.split()), concept)
        for phrases_of_word in (*self._exact.values(), *self._stems.values()):
            phrases_of_word.sort(key=lambda phrase: -len(phrase[0]))

    def _add(self, words: tuple[str, ...], concept: str) -> None:
        first = words[0]
        if first.endswith("*"):
            self._stems.setdefault(first[:-1], []).append((words, concept))
        else:
            self._exact.setdefault(first, []).append((words, concept))

    def longest(self, words: list[str], start: int) -> _Phrase | None:
        """The longest phrase that begins at a word; of two as long the more exact one."""
        found: _Phrase | None = None
        for phrase in self._beginning(words[start]):
            if (found is None or len(phrase[0]) > len(found[0])) and _matches(phrase[0], words, start):
                found = phrase
        return found

    def _beginning(self, word: str) -> Iterator[_Phrase]:
        yield from self._exact.get(word, ())
        for length in range(min(len(word), _LONGEST_STEM), 1, -1):
            yield from self._stems.get(word[:length], ())


def _matches(phrase: tuple[str, ...], words: list[str], start: int) -> bool:
    for offset in range(1, len(phrase)):
        pattern = phrase[offset]
        if start + offset >= len(words) or not (
            words[start + offset] == pattern
            or (pattern[-1] == "*" and words[start + offset].startswith(pattern[:-1]))
        ):
            return False
    return True


_vocabulary = cache(_Vocabulary)
"""Built with the first error text: that takes longer than importing the library."""


@lru_cache(maxsize=256)
def clauses(text: str) -> tuple[Clause, ...]:
    """What each sentence of a normalized text says."""
    found: list[Clause] = []
    sentence: list[str] = []
    for word in [*_WORDS.findall(text)[:_MOST_WORDS], "."]:
        if word[0].isalnum() or word[0] == "_":
            sentence.append(word)
        elif sentence:
            found.append(_clause(sentence))
            sentence = []
    return tuple(found)


def union(sentences: Iterable[Clause]) -> Clause:
    """What a whole text says."""
    return frozenset(concept for sentence in sentences for concept in sentence)


def _clause(words: list[str]) -> Clause:
    concepts: list[str] = []
    position = 0
    vocabulary = _vocabulary()
    while position < len(words):
        phrase = vocabulary.longest(words, position)
        if phrase is None:
            concepts.append("figure" if words[position].isdigit() else "")
            position += 1
        else:
            concepts.append(phrase[1])
            position += len(phrase[0])
    _attribute(concepts)
    said = frozenset(_denied(concepts)) - {""}
    return said | _PACE if "pace" in said else said


def _attribute(concepts: list[str]) -> None:
    """Tell the account itself from one that something is for, and from one elsewhere (Instagram's)."""
    for position, concept in enumerate(concepts):
        if concept not in {"account", "user"}:
            continue
        before = concepts[max(0, position - _NEAR) : position]
        after = concepts[position + 1 : position + 1 + _NEAR]
        if "foreign" in before or "foreign" in after[:2]:
            concepts[position] = "link"
        elif "for" in before[-2:] or after[:1] == ["after for"]:
            concepts[position] = "owned"
        elif concept == "user" and "this" in before[-1:]:
            concepts[position] = "owned" if "api" in concepts else "someone"


def _denied(concepts: list[str]) -> list[str]:
    """The concepts, with the denials joined to what they deny ("not" and "found" are "unknown")."""
    said = list(concepts)
    for position, concept in enumerate(concepts):
        if concept in {"not", "cannot"}:
            _deny_ahead(said, position)
        elif concept in {"after not", "none"}:
            before = next((at for at in range(position - 1, max(-1, position - _NEAR), -1) if said[at]), None)
            if before is not None and said[before] in _DENIED:
                said[before] = _DENIED[said[before]]
    return said


def _deny_ahead(said: list[str], position: int) -> None:
    ahead = range(position + 1, min(len(said), position + 1 + _REACH))
    denied = [at for at in ahead if said[at] in _DENIED]
    if said[position] == "cannot":
        denied = [at for at in denied if said[at] in {"found", "valid"}]
    for at in denied[:2]:
        said[at] = _DENIED[said[at]]
    if denied:
        said[position] = ""
    near = next((said[at] for at in ahead[:_NEAR] if said[at]), None)
    if not denied and said[position] == "not" and near in _SUBJECTS:
        said[position] = "none"
