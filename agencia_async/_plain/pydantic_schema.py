"""The schemas of pydantic 2: the only module that imports it, and only pydantic calls it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional, get_args, get_origin

from pydantic import PlainSerializer, WrapValidator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from agencia_async._plain.plain import plain

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler

Hints = Mapping[str, tuple[Any, bool]]

_MONEY = Annotated[Decimal, PlainSerializer(plain, return_type=str)]
_TIME = Annotated[datetime, PlainSerializer(plain, return_type=str)]
_TYPES: list[tuple[Any, Any]] = [
    (Any, Annotated[Any, PlainSerializer(plain)]),
    (Decimal, _MONEY),
    (Decimal | None, Optional[_MONEY]),  # noqa: UP045 - `|` is not for what is annotated
    (datetime, _TIME),
    (datetime | None, Optional[_TIME]),  # noqa: UP045 - as above
    (tuple[str, ...], tuple[str, ...] | str),  # lines, which may be given as one text
    (Mapping[str, str], dict[str, str]),
]
"""The types of fields that mean something else to pydantic."""
_UNREAD = WrapValidator(lambda value, _: value)
"""Of a derived field: nothing is made of what is given, so that a state of a later version is no fault."""


def schema_of(
    source: Any,  # noqa: ANN401 - a class, or one with parameters
    hints: Hints,
    build: Callable[[Mapping[str, Any]], Any],
    shallow: Callable[[Any], Mapping[str, Any]],
    handler: "GetCoreSchemaHandler",
) -> CoreSchema:
    """An instance, or plain data of which `build` makes one; `shallow` gives the values to serialise."""
    kind: type[Any] = get_origin(source) or source
    built = core_schema.no_info_after_validator_function(_refusing(build), _fields(kind, hints, handler))
    whole = {name: (hint, True) for name, (hint, _) in hints.items()}  # what is serialised has all of them
    return core_schema.no_info_wrap_validator_function(
        lambda value, validated: value if isinstance(value, kind) else validated(value),
        built,
        ref=_ref(source),
        serialization=core_schema.plain_serializer_function_ser_schema(
            shallow, return_schema=_fields(kind, whole, handler)
        ),
    )


def _ref(source: Any) -> str:  # noqa: ANN401 - a type
    """The name of a schema, in pydantic's form: a document has it once, as a component of this name."""
    origin = get_origin(source)
    if origin is not None:
        return f"{_ref(origin)}[{','.join(map(_ref, get_args(source)))}]"
    is_class = isinstance(source, type)
    return f"{source.__module__}.{source.__qualname__}:{id(source)}" if is_class else repr(source)


def _refusing(build: Callable[[Mapping[str, Any]], Any]) -> Callable[[Any], Any]:
    """What builds it, and refuses in pydantic's way."""

    def built(given: Mapping[str, Any]) -> object:
        try:
            return build(given)
        except ValueError as error:
            context = {"message": str(error), "field": getattr(error, "field", None)}
        raise PydanticCustomError("invalid_input", "{message}", context)

    return built


def _fields(kind: type[Any], hints: Hints, handler: "GetCoreSchemaHandler") -> CoreSchema:
    """A mapping with these fields, under the name of the class."""
    derived = getattr(kind, "_derived", {})
    fields = {
        name: core_schema.typed_dict_field(
            handler.generate_schema(Annotated[hint, _UNREAD] if name in derived else _type(hint)),
            required=required,
        )
        for name, (hint, required) in hints.items()
    }
    unknown: Literal["allow", "ignore"] = getattr(kind, "unknown_fields", "ignore")
    title = {"pydantic_js_updates": {"title": kind.__name__}}
    return core_schema.typed_dict_schema(fields, metadata=title, extra_behavior=unknown)


def _type(hint: Any) -> Any:  # noqa: ANN401 - a type
    return next((meant for known, meant in _TYPES if known == hint), hint)
