"""How the text of an id may be read."""

import pytest

from agencia_async._protocol.wire_ids import is_integer, is_misread


@pytest.mark.parametrize("wire_id", ["0", "7", "23501", "-5", "9" * 64])
def test_an_integer_is_read_as_it_is(wire_id: str) -> None:
    assert is_integer(wire_id)
    assert not is_misread(wire_id)


@pytest.mark.parametrize("wire_id", ["8b6f", "007", "1e5", "0x1f", "+5", "-5a", ".5e1", "5.0"])
def test_a_text_that_begins_as_a_number_may_be_misread(wire_id: str) -> None:
    assert not is_integer(wire_id)
    assert is_misread(wire_id)


@pytest.mark.parametrize("wire_id", ["x8", "ord_01H", "f47ac10b-58cc", "-", "٣"])
def test_other_texts_may_not(wire_id: str) -> None:
    assert not is_integer(wire_id)
    assert not is_misread(wire_id)
