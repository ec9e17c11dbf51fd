import pytest

from agencia_async.sandbox.ledger import Request


@pytest.mark.parametrize(
    ("fields", "ids"),
    [
        ({"orders": "1,2, 3"}, ("1", "2", "3")),
        ({"refills": "7"}, ("7",)),
        ({"order": "1"}, ("1",)),
        ({"refill": "x"}, ("x",)),
        ({"service": "1"}, ()),
    ],
)
def test_a_request_tells_its_ids(fields: dict[str, str], ids: tuple[str, ...]) -> None:
    assert Request(fields).ids == ids


def test_a_request_tells_its_action() -> None:
    assert Request({"action": "add"}).action == "add"
    assert not Request({}).action
