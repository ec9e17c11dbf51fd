from collections.abc import Callable
from urllib.parse import quote

import pytest

from agencia_async import ConfigurationError
from agencia_async._transport.api_key import ApiKey
from tests.transport.scene import KEY


@pytest.mark.parametrize("key", ["", " ", "a b", "a\n"])
def test_a_key_that_will_not_do_is_not_shown(key: str) -> None:
    with pytest.raises(ConfigurationError, match="API key") as caught:
        ApiKey(key).check()
    assert repr(key) not in str(caught.value)


def test_a_secret_shows_itself_to_the_wire_alone() -> None:
    api_key = ApiKey(KEY)
    assert repr(api_key) == str(api_key) == f"{api_key}" == "'***'"
    assert api_key.redact(f"a {KEY} b") == "a *** b"


@pytest.mark.parametrize("key", ["a1b2c3d4/e5+f6=a7b8c9d0e1f2a3b4"])
@pytest.mark.parametrize(
    "written", [str, lambda key: key.replace("/", "\\/"), lambda key: quote(key, safe="").lower()]
)
def test_a_key_is_blotted_in_any_writing_and_where_it_is_cut_off(
    key: str, written: Callable[[str], str]
) -> None:
    api_key = ApiKey(key)
    assert api_key.redact(f"no such key: {written(key)}.") == "no such key: ***."
    assert api_key.redact(f"no such key: {written(key)[:20]}") == "no such key: ***"
