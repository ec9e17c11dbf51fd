"""What the text of an id means for how it may be asked for."""

import re

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_DIGIT_FIRST = re.compile(r"[+\-.]*[0-9]")


def is_integer(wire_id: str) -> bool:
    """Whether any panel reads this id as the number that it is."""
    return _INTEGER.fullmatch(wire_id) is not None


def is_misread(wire_id: str) -> bool:
    """Whether a panel that numbers its orders may read another id in this text: PHP reads `8b6f` as 8."""
    return _DIGIT_FIRST.match(wire_id) is not None and not is_integer(wire_id)
