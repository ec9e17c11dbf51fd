"""What all records can do: become plain data, and be fields of pydantic's models."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from attrs import NOTHING, fields_dict

from agencia_async._plain.plain import plain

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

REQUIRED = True
Hints = dict[str, tuple[Any, bool]]
"""The types of fields by name, and whether they must be given."""


class Record:
    """The base of the classes of attrs that leave the process as plain data."""

    __slots__ = ()

    _derived: ClassVar[Mapping[str, Any]] = {}
    """The properties that are in the plain data as well, with their types."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `json.dumps`: money as exact text, states as text."""
        return {name: plain(value) for name, value in self._shallow().items()}

    def _shallow(self) -> dict[str, Any]:
        """The values of the plain data, as they are."""
        return {name: getattr(self, name) for name in self._plain_hints()}

    @classmethod
    def _plain_hints(cls, source: object = None) -> Hints:
        """What the plain data holds; `extra` last. `source` is the class with its parameters."""
        del source
        hints: Hints = {
            name: (attribute.type, attribute.default is NOTHING)
            for name, attribute in fields_dict(cls).items()  # type: ignore[arg-type]
            if name != "extra"
        }
        hints |= {name: (kind, not REQUIRED) for name, kind in cls._derived.items()}
        return hints | ({"extra": (dict[str, Any], not REQUIRED)} if hasattr(cls, "extra") else {})

    @classmethod
    def _from_plain(cls, given: Mapping[str, Any]) -> Self:
        """The record of validated fields."""
        return cls(**{name: value for name, value in given.items() if name not in cls._derived})

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        """What pydantic 2 and FastAPI validate, serialise and document it by."""
        from agencia_async._plain.pydantic_schema import schema_of  # noqa: PLC0415 - only pydantic needs it

        return schema_of(source, cls._plain_hints(source), cls._from_plain, cls._shallow, handler)
