"""The forms of ids: integers, or texts that are drawn from the seed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final
from uuid import UUID

Id = int | str

FIRST_ORDER: Final = 23_501  # as in the API documentation
FIRST_REFILL: Final = 1
FIRST_CANCELLATION: Final = 4_001  # not 1, which is a plain yes

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID_LENGTH: Final = 26
_NEW_YEAR: Final = 1_704_067_200_000  # milliseconds of Unix time: the texts grow from there


def _integer(number: int, _: Random) -> Id:
    return number


def _hex(_: int, random: Random) -> Id:
    return f"{random.getrandbits(96):024x}"


def _uuid(_: int, random: Random) -> Id:
    return str(UUID(int=random.getrandbits(128), version=4))


def _ulid(number: int, random: Random) -> Id:
    value = (_NEW_YEAR + number) << 80 | random.getrandbits(80)
    return "".join(_CROCKFORD[value >> 5 * place & 31] for place in reversed(range(_ULID_LENGTH)))


IDS: Final[Mapping[str, Callable[[int, Random], Id]]] = {
    "integer": _integer,
    "hex": _hex,
    "uuid": _uuid,
    "ulid": _ulid,
}


@dataclass(frozen=True, slots=True)
class Numbering:
    """The ids to come of each kind of thing that has one."""

    orders: Iterator[Id]
    refills: Iterator[Id]
    cancellations: Iterator[Id]


def numbering(form: str = "integer", seed: object = 1) -> Numbering:
    """The ids of this form, the same for the same seed; a `ValueError` if there is no such form."""
    if form not in IDS:
        raise ValueError(f"ids must be one of {', '.join(IDS)}, got {form!r}")
    firsts = {"orders": FIRST_ORDER, "refills": FIRST_REFILL, "cancellations": FIRST_CANCELLATION}
    return Numbering(
        **{kind: _series(form, first, Random(f"{seed} {kind}")) for kind, first in firsts.items()}
    )


def _series(form: str, first: int, random: Random) -> Iterator[Id]:
    return (IDS[form](number, random) for number in count(first))
