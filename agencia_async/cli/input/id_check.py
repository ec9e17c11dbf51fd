"""Tells the ids of a file from what a spreadsheet made of them, and from what is none of its ids. Pure."""

from collections import Counter
from typing import Final
from unicodedata import name as name_of_letter

from agencia_async import Id
from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.csv_text import REPLACED, short
from agencia_async.cli.input.id_form import NUMBERED, Majority, forms_of, is_rounded, named
from agencia_async.cli.input.spreadsheet import damage, plain_number
from agencia_async.cli.text import several

_MOST_DIGITS: Final = 18
_SHOWN: Final = 20
_ANY_ID: Final = "--any-id takes ids as they are"
_ROUNDED: Final = "a number that ends with zeros after 15 digits, as a spreadsheet rounds longer ones"

Written = tuple[int, str]
"""A line, and what is written there."""


class IdCheck:
    """One rule for the ids of a file: none is damaged, and all have the form that most of them have.

    Args:
        name: the name of the file, for messages.
        any_id: take all texts that can be sent.
    """

    def __init__(self, name: str, *, any_id: bool = False) -> None:
        self._name = name
        self._any_id = any_id
        self._majority = Majority()
        self._faults: list[Written] = []
        self._fault_count = 0
        self._examples: dict[tuple[str, ...], list[Written]] = {}
        self._counts: Counter[tuple[str, ...]] = Counter()
        self._rounded: list[Written] = []

    def take(self, line: int, text: str) -> Id:
        """An id of a stream, which must have the form of most of those before it.

        Raises:
            UsageError: it is none.
        """
        text = text.strip()
        checked(text, self._where(line))
        if not self._any_id:
            forms = forms_of(text)
            self._majority.add(text, forms)
            if reason := damage(text) or self._misfit(text, forms):
                raise UsageError(self._told(line, text, reason))
        return self.id_of(text)

    def add(self, line: int, text: str) -> None:
        """Count an id of a file; `check` tells whether it is one."""
        text = text.strip()
        try:
            checked(text, self._where(line))
        except UsageError as error:
            self._add_fault(line, str(error))
            return
        if self._any_id:
            return
        if reason := damage(text):
            self._add_fault(line, self._told(line, text, reason))
            return
        forms = forms_of(text)
        self._majority.add(text, forms)
        self._counts[forms] += 1
        _keep(self._examples.setdefault(forms, []), (line, text))
        if is_rounded(text):
            _keep(self._rounded, (line, text))

    def check(self, total: int) -> None:
        """Check that all ids that were added are valid, and of one form.

        Raises:
            UsageError: some are not; a line for each of the first twenty.
        """
        for forms, examples in self._examples.items():
            if reason := self._misfit(examples[0][1], forms):
                self._add_faults(examples, reason)
                self._fault_count += self._counts[forms] - len(examples)
        if not self._majority.is_exact:
            self._add_faults(self._rounded, _ROUNDED)
        if not self._faults:
            return
        lines = [text for _, text in sorted(self._faults)[:_SHOWN]]
        if self._fault_count > len(lines):
            lines.append(f"... and {self._fault_count - len(lines):,} more")
        if self._fault_count > 1:
            lines.append(
                f"{self._fault_count:,} of {several(total, 'id')} cannot be used, so nothing was sent"
            )
        raise UsageError("\n".join(lines))

    def check_again(self, line: int, text: str) -> None:
        """Check an id of a second reading of the file.

        Raises:
            UsageError: it is none: the file was changed meanwhile.
        """
        text = text.strip()
        if not self._any_id and (damage(text) or self._misfit(text, forms_of(text))):
            raise UsageError(
                f"{self._where(line)}: id {short(text)}: the file has changed since it was checked"
            )

    def id_of(self, text: str) -> Id:
        """The id that a text of the file stands for; `#23501` is 23501 where most are written so."""
        text = text.strip()
        is_numbered = not self._any_id and self._majority.form == NUMBERED
        return checked(text.removeprefix("#") if is_numbered else text, self._name)

    def _misfit(self, text: str, forms: tuple[str, ...]) -> str | None:
        """Why an id is not of the form of the others, and what it probably was."""
        form = self._majority.form
        if form in forms:
            return None
        if form is None:
            return "not of the form of the others, and no form is that of most"
        probable = plain_number(text) if form == "number" else None
        return f"not of the form of the others ({named(form)})" + (
            f", probably {probable}" if probable else ""
        )

    def _add_faults(self, found: list[Written], reason: str) -> None:
        for line, text in found:
            self._add_fault(line, self._told(line, text, reason))

    def _add_fault(self, line: int, fault: str) -> None:
        self._fault_count += 1
        _keep(self._faults, (line, fault), most=10 * _SHOWN)

    def _told(self, line: int, text: str, reason: str) -> str:
        return f"{self._where(line)}: id {short(text)} is {reason}; {_ANY_ID}"

    def _where(self, line: int) -> str:
        return f"{self._name}, line {line}"


def argument(text: str, where: str, *, any_id: bool = False, advice: str = _ANY_ID) -> Id:
    """An id that was typed.

    Args:
        text: the id.
        where: where it was typed, for messages.
        any_id: take it as it is.
        advice: what to do about one that a spreadsheet seems to have changed.

    Raises:
        UsageError: it is none, or what a spreadsheet makes of one.
    """
    checked(text, where)
    text = text.strip()
    reason = None if any_id else damage(text)
    if reason:
        raise UsageError(f"{where}: id {short(text)} is {reason}; {advice}")
    return checked(text.removeprefix("#") if NUMBERED in forms_of(text) and not any_id else text, where)


def checked(text: str, where: str) -> Id:
    """An id: an int if it is a number, else a str.

    Raises:
        UsageError: it is empty, or contains a character that an id cannot have.
    """
    text = text.strip()
    if not text:
        raise UsageError(f"{where}: empty id")
    if "\0" in text:
        raise UsageError(f"{where}: not a text file (contains NUL)")
    if REPLACED in text:
        raise UsageError(f"{where}: id {short(text)} is not valid UTF-8")
    if "," in text or " " in text or not text.isprintable():
        reason = damage(text)
        raise UsageError(
            f"{where}: id {short(text)} contains a comma, whitespace or a control character{_hidden(text)}"
            + (f"; it is {reason}" if reason else "")
        )
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS and text[0] != "0"
    return int(text) if is_number else text


def _hidden(text: str) -> str:
    """The name of the first character that does not show."""
    hidden = next((letter for letter in text if not letter.isprintable()), "")
    name = name_of_letter(hidden, "") if hidden else ""
    return f" ({name})" if name else ""


def _keep(kept: list[Written], one: Written, most: int = _SHOWN) -> None:
    if len(kept) < most:
        kept.append(one)
