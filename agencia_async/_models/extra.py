"""The fields that a record does not name."""

from collections.abc import Iterator, Mapping
from typing import TypeVar, cast

V_co = TypeVar("V_co", covariant=True)


class Extra(Mapping[str, V_co]):
    """A read-only mapping of the fields that a record does not name, as the panel sent them."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, V_co] | None = None) -> None:
        self._fields = dict(fields or {})

    def __getitem__(self, name: str) -> V_co:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return repr(self._fields)


NO_EXTRA: Extra[object] = Extra()


def extra_of(fields: dict[str, object]) -> Extra[object]:
    """The mapping of a dict that nobody else holds, without copying it."""
    extra = cast("Extra[object]", Extra.__new__(Extra))
    extra._fields = fields  # pyright: ignore[reportPrivateUsage]
    return extra
