"""The options of a client are the same in its signature, the types, the checks and the documentation."""

import inspect
import pydoc
import re
from typing import get_type_hints

import attrs
import pytest

from agencia_async import AsyncClient, ConfigurationError
from agencia_async._client.options import Options
from agencia_async._client.settings import Settings
from tests.support.loopback import NO_TLS

OPTIONS = get_type_hints(Options)


def test_each_option_has_its_type_and_its_default() -> None:
    assert {field.name: field.type for field in attrs.fields(Settings)} == OPTIONS


def test_the_signature_tells_all_of_them() -> None:
    parameters = inspect.signature(AsyncClient).parameters
    assert [*parameters] == ["api_key", *OPTIONS]
    assert {name: parameters[name].default for name in OPTIONS} == attrs.asdict(Settings(), recurse=False)
    assert all(parameters[name].kind is inspect.Parameter.KEYWORD_ONLY for name in OPTIONS)


def test_the_signature_names_types_as_they_are_imported() -> None:
    shown = str(inspect.signature(AsyncClient))

    assert "transport: httpx.AsyncBaseTransport | None = None, " in shown
    assert "states: Mapping[str, OrderState] | None = None, " in shown
    assert "retry: RetryPolicy = RetryPolicy(attempts=5, " in shown
    assert "agencia_async." not in shown


def test_help_shows_the_signature_once() -> None:
    assert pydoc.plain(pydoc.render_doc(AsyncClient)).count("max_concurrency: int = 10") == 1


def test_a_subclass_has_the_signature_of_its_own_constructor() -> None:
    class Same(AsyncClient):
        pass

    class Other(AsyncClient):
        def __init__(self, account: str) -> None: ...

    assert inspect.signature(Same) == inspect.signature(AsyncClient)
    assert str(inspect.signature(Other)) == "(account: str) -> None"


def test_each_is_explained() -> None:
    arguments = str(AsyncClient.__doc__).partition("Args:")[2].partition("Raises:")[0]
    assert re.findall(r"^ {8}(\w+): ", arguments, re.MULTILINE) == ["api_key", *OPTIONS]


def test_what_there_is_not_is_named() -> None:
    with pytest.raises(TypeError, match=r"AsyncClient\(\) got an unexpected keyword argument 'tiemout'"):
        AsyncClient("KEY", tiemout=3)  # type: ignore[call-arg]


def test_two_ways_to_send_contradict_each_other() -> None:
    import httpx

    with pytest.raises(ConfigurationError, match="mutually exclusive"):
        AsyncClient(
            "KEY",
            transport=httpx.MockTransport(lambda _: httpx.Response(200)),
            http_client=httpx.AsyncClient(verify=NO_TLS),
        )
