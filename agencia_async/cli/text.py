"""Values as text: on one line, money exact, without control characters."""

from decimal import Decimal


def one_line(text: str) -> str:
    """A panel's text on one line, without control characters."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))


def cell(value: object) -> str:
    """A value in a table or a CSV file; amounts to the last digit, never in scientific notation."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def several(count: int, what: str) -> str:
    """A count with its noun: "1 id", "5,050 ids"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
