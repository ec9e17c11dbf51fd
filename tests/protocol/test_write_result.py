"""The id of a write, under each name."""

import pytest

from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.write_result import write_result


@pytest.mark.parametrize("name", ["id", "order", "refill", "cancel", "request", "cancel_id", "requestId"])
def test_an_object_holds_it_under_a_name(name: str) -> None:
    assert write_result({"note": "x", name: 77}, Refusals()) == 77
    assert write_result({"status": "success", name: 77}, Refusals()) == 77
