"""Which columns of a table fit beside each other on a narrow terminal."""

from collections.abc import Sequence
from typing import Final, Protocol, TypeVar

GAP: Final = "  "
"""What stands between two columns."""


class Spare(Protocol):
    """A column that may be missing, or not."""

    @property
    def spare(self) -> bool:
        """Whether it may."""
        ...


C = TypeVar("C", bound=Spare)


def fitting(columns: Sequence[tuple[C, int]], room: int | None) -> list[tuple[C, int]]:
    """The columns, with their widths, that fit into the room; None has room for all.

    Of those that may be missing the last one goes first; the others stay, even if they are too wide.
    """
    chosen = [*columns]
    for column in [column for column in reversed(columns) if column[0].spare]:
        if room is None or sum(width + len(GAP) for _, width in chosen) - len(GAP) <= room:
            break
        chosen.remove(column)
    return chosen
