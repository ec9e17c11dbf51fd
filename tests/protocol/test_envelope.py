"""Where the text of an error stands in a reply, and how far it is looked for."""

from typing import Any

import pytest

from agencia_async._protocol.envelope import nodes, whole_error_text, words


def inside(depth: int, name: str = "message") -> Any:  # noqa: ANN401 - JSON
    """A text in so many objects."""
    return {name: inside(depth - 1, name)} if depth else "Blub"


def test_the_text_of_an_error_is_looked_for_to_a_depth() -> None:
    assert words(inside(5)) == "Blub"
    assert words(inside(6)) is None
    assert words(inside(5, "other")) is None  # each object is looked at twice: by name, and as a list


@pytest.mark.parametrize("fields", [1, 16, 17, 200])
def test_an_error_of_a_whole_reply_is_one_among_any_number_of_fields(fields: int) -> None:
    others: dict[str, object] = {str(number): [] for number in range(fields - 1)}
    assert whole_error_text({"error": "Blub", **others}) == "Blub"


def test_an_error_in_a_list_of_its_own_is_that_of_the_whole_reply() -> None:
    assert whole_error_text([{"error": "Blub"}]) == "Blub"
    assert whole_error_text([{"error": "Blub"}, {"error": "Blub"}]) is None
    assert whole_error_text([{"order": 1, "error": "Blub"}]) is None


@pytest.mark.parametrize(("fields", "is_looked_into"), [(16, True), (17, False)])
def test_what_is_looked_into(fields: int, is_looked_into: bool) -> None:  # noqa: FBT001
    for content in (
        {str(number): [number] for number in range(fields)},
        [[number] for number in range(fields)],
    ):
        assert (len([*nodes(content)]) > 1) is is_looked_into


def test_what_stands_in_a_list_bears_the_name_of_the_list() -> None:
    row = {"a": 1}
    assert [*nodes({"data": [row]})] == [("", {"data": [row]}), ("data", [row]), ("data", row)]
