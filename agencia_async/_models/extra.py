"""The fields that a record does not name."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, TypeVar

V = TypeVar("V")


class Extra(dict[str, V]):
    """A read-only dict of the fields that a record does not name, as the panel sent them."""

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("the fields of a record are read-only")

    if not TYPE_CHECKING:  # pragma: no branch - records are typed as mappings, which have none of these
        __setitem__ = __delitem__ = __ior__ = _refuse
        clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Callable[..., object], tuple[dict[str, V]]]:
        return type(self), (dict(self),)


NO_EXTRA: Extra[object] = Extra()
