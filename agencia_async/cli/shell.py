"""Words of a command that is printed to be copied into a shell: they are exact, whatever is in them. Pure.

What a screen could hide, or what a message is printed without, is written in the escapes of bash, zsh and ksh
(`$'...'`), byte by byte.
"""

from shlex import quote
from typing import Final

_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters that have no glyph."""
_MOST: Final = 1_900
"""Characters of a command; a longer one could be cut where it is printed."""
TOO_LONG: Final = "(the command is too long to be printed: use Journal.resolve in Python)"


def shell_word(text: str) -> str:
    """A text as one word of a command."""
    if all(map(_is_plain, text)):
        return quote(text)
    return f"$'{''.join(map(_escaped, text))}'"


def whole(command: str) -> str:
    """A command, or what is printed in its place if it could be cut."""
    return command if len(command) <= _MOST else TOO_LONG


def _is_plain(letter: str) -> bool:
    """Whether it is printed as it is, and can be seen."""
    return " " <= letter <= "~" or ((letter.isalpha() or letter.isdecimal()) and letter not in _FILLERS)


def _escaped(letter: str) -> str:
    if letter in {"'", "\\"}:
        return f"\\{letter}"
    if _is_plain(letter):
        return letter
    return "".join(f"\\x{byte:02x}" for byte in letter.encode(errors="surrogateescape"))
