"""What spreadsheets, exports and web pages make of ids: told from an id by its text alone. Pure."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final
from unicodedata import normalize

_MONTHS: Final = (
    r"jan|feb|fev|mar|mrz|apr|abr|avr|may|mai|mei|mag|jun|jui|jul|lug|aug|aou|ago|agu|ago|sep|set|oct|okt|out|ott"
    r"|nov|dec|dez|dic|des|oca|sub|nis|haz|tem|eyl|eki|kas|ara|gen|giu|ene"
)
_NO_VALUES: Final = {
    "", "-", "--", "---", ".", "?", "n/a", "na", "n.a.", "k.a.", "nan", "<na>", "nat", "nil", "null", "none",
    "undefined", "inf", "infinity", "-inf", "true", "false", "empty", "blank", "(blank)", "(null)", "<null>",
    "nv", "n/d", "\\n",
}  # fmt: skip
_TOTALS: Final = {
    "total", "totals", "subtotal", "sub-total", "grandtotal", "sum", "sums", "count", "average", "summe",
    "gesamt", "anzahl", "suma", "soma", "somme", "totale", "toplam", "genel toplam", "jumlah", "tong",
    "итого", "всего", "合计", "总计",
}  # fmt: skip
_QUOTES: Final = "'\"`´‘’‚‛“”„‟«»‹›′″＇＂"
_MOST_EXPONENT: Final = 40


def damage(text: str) -> str | None:
    """Why a text is no id, and what it probably was; None if it may be one.

    Only what is never an id: the form of the other ids in a file tells more.
    """
    text = text.strip()
    return next(filter(None, (test(text) for test in _TESTS)), None)


def is_heading(text: str) -> bool:
    """Whether a first line can be no id, so that it is a heading: it has no digit, and is no blank value."""
    return not any(letter.isnumeric() for letter in text) and _no_value(text.strip()) is None


def plain_number(text: str) -> str | None:
    """The number of ASCII digits that a text probably stands for, if it has exactly one."""
    found = re.findall(r"\d+", normalize("NFKC", text))
    return str(int(found[0])) if len(found) == 1 and len(found[0]) <= _MOST_EXPONENT else None


def _told(what: str, probable: str | None = None) -> str:
    return f"{what}, probably {probable}" if probable else what


def _no_value(text: str) -> str | None:
    if re.match(r"#(?!\d)\S*", text):
        return "an error value of a spreadsheet"
    return "an empty value" if text.casefold() in _NO_VALUES else None


def _total(text: str) -> str | None:
    return "a total" if text.casefold().rstrip(": ") in _TOTALS else None


def _formula(text: str) -> str | None:
    if not text.startswith(("=", "@", "＝")):
        return None
    return _told("a formula of a spreadsheet", re.sub(rf"^[=@＝]|[{_QUOTES}]", "", text))


def _quoted(text: str) -> str | None:
    if text and (text[0] in _QUOTES or text[-1] in _QUOTES):
        return _told("an id in quotes", text.strip(_QUOTES + " "))
    return None


def _foreign_digits(text: str) -> str | None:
    if all(letter.isascii() for letter in text if letter.isnumeric()):
        return None
    return _told("a number with digits that are not ASCII", _ascii_number(text))


def _ascii_number(text: str) -> str | None:
    number = normalize("NFKC", text)
    return str(int(number)) if number.isdecimal() and len(number) <= _MOST_EXPONENT else None


def _scientific(text: str) -> str | None:
    if not re.fullmatch(r"[+\-−]?\d+(?:[.,]\d*)?[eE][+\-−]?\d{1,3}", text):
        return None
    if re.fullmatch(r"\d{2,}[eE]\d{2,3}|\d{6,}[eE]\d", text) and len(text) >= 8:  # noqa: PLR2004 - may be hexadecimal
        return None
    number = Decimal(text.replace(",", ".").replace("−", "-"))
    whole = number == number.to_integral_value() and 0 < number.adjusted() <= _MOST_EXPONENT
    return _told(
        "a number in scientific notation", f"a number near {number:f}" if whole else "a longer number"
    )


def _separated(text: str) -> str | None:
    if re.fullmatch(r"[1-9]\d{0,2}(?:[.,'’ \u00a0\u202f_]\d{3})+", text):
        return _told("a number with separators", re.sub(r"\D", "", text))
    return None


def _decimal(text: str) -> str | None:
    found = re.fullmatch(r"(\d+)[.,·](\d*)", text)
    if found is None:
        return None
    return _told("a decimal number", None if found[2].strip("0") else found[1])


def _signed(text: str) -> str | None:
    number = re.fullmatch(r"[+\-−–—](\d+)(?:[.,]\d*)?|(\d+)[+\-−–—]|\((\d+)\)", text)
    return number and _told("a number with a sign", next(filter(None, number.groups())))


def _amount(text: str) -> str | None:
    if re.fullmatch(r"[$€£¥₺₽₹]\s?[\d.,]+|[\d.,]+\s?(?:[$€£¥₺₽₹%‰]|usd|eur|try|rub)", text, re.IGNORECASE):
        return "an amount or a percentage"
    return None


def _date(text: str) -> str | None:
    time = r"(?:[T ]?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2}|\s?[ap]m)?)"
    dates = (
        rf"(?:\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}})\.?{time}?",
        time,
        r"\d{1,4}/\d{1,4}",
        rf"\d{{1,4}}[-./ ]?(?:{_MONTHS})[a-z]{{0,6}}\.?(?:[-./ ]\d{{2,4}})?",
        rf"(?:{_MONTHS})[a-z]{{0,6}}\.?[-./ ]\d{{1,4}}",
    )
    if any(re.fullmatch(date, text, re.IGNORECASE) for date in dates):
        return "a date, a time or a fraction"
    return None


_TESTS: Final[tuple[Callable[[str], str | None], ...]] = (
    _no_value,
    _total,
    _formula,
    _quoted,
    _foreign_digits,
    _scientific,
    _date,
    _separated,
    _decimal,
    _signed,
    _amount,
)
