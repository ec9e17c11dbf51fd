"""Requests in parts: writes, and an account that is rejected in their midst."""

import pytest

from agencia_async import AuthenticationError
from agencia_async._protocol.actions import CANCEL, STATUS
from tests.support.panels import Orders, client_of, row, sizes
from tests.support.peer import Form

MISSING = "order parameter is required"
REJECTED = {"error": "Invalid API key"}
IDS = [str(number) for number in range(1, 101)]


async def test_a_write_keeps_to_the_size_at_which_reads_were_cut_off() -> None:
    def answer(form: Form) -> tuple[int, object]:
        if form["action"] == "status":
            return panel.answer(form)
        return 200, [{"order": wire_id, "cancel": 1} for wire_id in form["orders"].split(",")]

    panel = Orders(most=40)
    async with client_of(answer) as (it, client):
        await client.status_many(range(100))
        it.forms.clear()
        answers = await client._batches.send(CANCEL, IDS, urgent=True)  # noqa: SLF001 - a batch in flight
    assert sizes(it) == [40, 40, 20]
    assert len(answers) == 100


async def test_an_account_rejected_between_the_parts_fails_what_is_left() -> None:
    def answer(form: Form) -> tuple[int, object]:
        if "orders" in form:
            return 200, {"error": MISSING}
        return 200, row(form["order"]) if int(form["order"]) < 5 else REJECTED

    async with client_of(answer) as (it, client):
        result = await client.status_many(range(1, 101))
    assert list(result.ok) == [1, 2, 3, 4]
    assert {type(error) for error in result.failed.values()} == {AuthenticationError}
    assert sizes(it) == [100, 1, 1, 1, 1, 1]


async def test_an_account_rejected_in_all_parts_is_told() -> None:
    async with client_of(lambda _form: (200, REJECTED)) as (it, client):
        client._sender.channel.batches("status").lacks_batches()  # noqa: SLF001 - as learnt before
        with pytest.raises(AuthenticationError):
            await client._batches.send(STATUS, IDS, urgent=True)  # noqa: SLF001
    assert sizes(it) == [1]


async def test_an_account_rejected_at_the_first_write_alone_is_told() -> None:
    def answer(form: Form) -> tuple[int, object]:
        return 200, REJECTED if "order" in form else {"error": MISSING}

    async with client_of(answer) as (it, client):
        with pytest.raises(AuthenticationError):
            await client.refill_many(range(1, 11))
    assert sizes(it) == [10, 1]


async def test_a_part_that_fails_is_the_outcome_of_its_ids() -> None:
    def answer(form: Form) -> tuple[int, object]:
        if len(form["orders"].split(",")) == 25 and form["orders"].startswith("26,"):
            return 200, {"error": "Not enough funds"}
        return panel.answer(form)

    panel = Orders(limit=30)
    async with client_of(answer) as (_, client):
        result = await client.status_many(range(1, 201))
    assert list(result.failed) == list(range(26, 51))
