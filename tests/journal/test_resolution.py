"""Manual resolutions: what each state of an order allows, and ids that another order has."""

import asyncio
from typing import Any

import httpx
import pytest

from agencia_async import AsyncClient, ConfigurationError, InvalidInputError, OutcomeUnknownError
from agencia_async._journal.rows import Settle
from agencia_async._journal.schema import orders
from agencia_async.journal import Journal, JournalEntry
from tests.journal.scene import FUNDS, LOST, ORDER, UP, Panel
from tests.support.until import until

FOUND: dict[str, Any] = {"order_id": 7}
NOT_FOUND: dict[str, Any] = {"placed": False}
SEVEN = httpx.Response(200, json={"order": 7})


async def lost(journal: Journal, client: AsyncClient, reference: str) -> None:
    with pytest.raises(OutcomeUnknownError):
        await journal.place(client, reference, ORDER)


async def entry_of(journal: Journal, reference: str) -> JournalEntry:
    entry = await journal.get(reference)
    assert entry is not None
    return entry


async def brought_into(state: str, journal: Journal, panel: Panel, client: AsyncClient) -> None:
    """The order `a`, in a state."""
    if state in {"placed", "refused"}:
        panel.answers = [FUNDS if state == "refused" else UP]
        await asyncio.gather(journal.place(client, "a", ORDER), return_exceptions=True)
        return
    panel.answers = [LOST]
    await lost(journal, client, "a")
    steps: dict[str, list[dict[str, Any]]] = {
        "unknown": [],
        "given": [{"order_id": 8}],
        "confirmed": [FOUND],
        "not found": [NOT_FOUND],
        "given, then not found": [{"order_id": 8}, NOT_FOUND],
        "not found, then given": [NOT_FOUND, {"order_id": 8}],
        "confirmed, then given": [FOUND],
        "placed again": [NOT_FOUND],
        "refused again": [NOT_FOUND],
    }
    for step in steps[state]:
        await journal.resolve("a", **step)
    if state.startswith("confirmed"):
        await journal.reconcile(client)
        assert not (await entry_of(journal, "a")).resolved_manually
    if state == "confirmed, then given":
        await journal.resolve("a", order_id=8)
    if state.endswith("again"):
        panel.answers = [FUNDS if state == "refused again" else UP]
        await asyncio.gather(journal.place(client, "a", ORDER), return_exceptions=True)


@pytest.mark.parametrize(
    "state",
    [
        "unknown",
        "given",
        "not found",
        "given, then not found",
        "not found, then given",
    ],
)
async def test_what_a_person_decided_a_person_can_change(journal: Journal, state: str) -> None:
    panel = Panel()
    async with panel.client() as client:
        await brought_into(state, journal, panel, client)
        entry = await journal.resolve("a", **NOT_FOUND)
        assert (entry.state, entry.order_id, entry.error) == (
            "refused",
            None,
            "resolved manually as not placed",
        )
        entry = await journal.resolve("a", **FOUND)
        assert (entry.state, entry.order_id, entry.order_ids, entry.error) == ("placed", 7, (7,), None)
        assert entry.resolved_manually
        assert await journal.get("a") == entry == await journal.place(client, "a", ORDER)
        assert (await journal.resolve("a", **NOT_FOUND)).order_ids == ()
        assert (await journal.place(client, "a", ORDER)).order_id == 2
    assert len(panel.added) == 2


async def test_a_confirmed_id_can_be_corrected_but_not_bought_again(journal: Journal) -> None:
    panel = Panel()
    async with panel.client() as client:
        await brought_into("confirmed", journal, panel, client)
        with pytest.raises(
            InvalidInputError, match="'a' is placed, and the panel has confirmed its id, 7"
        ) as it:
            await journal.resolve("a", **NOT_FOUND)
        assert it.value.field == "placed"
        entry = await journal.resolve("a", order_id=8)
        assert (entry.order_id, entry.resolved_manually) == (8, True)


async def test_a_confirmation_outlives_the_id_that_was_confirmed(journal: Journal) -> None:
    panel = Panel()
    async with panel.client() as client:
        await brought_into("confirmed, then given", journal, panel, client)
        for number in (8, 9):
            entry = await journal.resolve("a", order_id=number)
            assert (entry.resolved_manually, entry.was_verified) == (True, True)
            with pytest.raises(
                InvalidInputError, match=r"has confirmed an earlier id of it: .* a new reference"
            ):
                await journal.resolve("a", **NOT_FOUND)
            [finding] = await journal.reconcile(client)
            assert finding.kind == "not_found"
            assert finding.advice.endswith("if it was never placed, place it under a new reference.")
        assert (await journal.resolve("a", **FOUND)).was_verified
        await journal.reconcile(client)
        entry = await entry_of(journal, "a")
        assert (entry.order_id, entry.resolved_manually, entry.was_verified) == (7, False, True)
    assert len(panel.added) == 1


@pytest.mark.parametrize("state", ["placed", "refused", "placed again", "refused again"])
@pytest.mark.parametrize("given", [FOUND, NOT_FOUND])
async def test_what_the_panel_answered_nobody_changes(
    journal: Journal, state: str, given: dict[str, Any]
) -> None:
    panel = Panel()
    async with panel.client() as client:
        await brought_into(state, journal, panel, client)
        before = await entry_of(journal, "a")
        with pytest.raises(
            InvalidInputError, match="only unknown and manually resolved orders can be resolved"
        ):
            await journal.resolve("a", **given)
        assert await journal.get("a") == before


@pytest.mark.parametrize("given", [FOUND, NOT_FOUND])
async def test_an_order_in_flight_is_not_resolved(journal: Journal, given: dict[str, Any]) -> None:
    panel = Panel()
    async with panel.client() as client:
        await brought_into("not found", journal, panel, client)
        await journal.place(client, "b", ORDER)
        panel.go.clear()
        placing = asyncio.create_task(journal.place(client, "a", ORDER))
        await until(lambda: len(panel.added) == 3)
        with pytest.raises(InvalidInputError, match="order 'a' is new, only unknown"):
            await journal.resolve("a", **given)
        panel.go.set()
        assert (await placing).order_id == 3


async def test_an_order_that_is_found_while_it_waits_to_be_sent_is_not_sent(journal: Journal) -> None:
    panel = Panel()
    async with panel.client() as client:
        await brought_into("not found", journal, panel, client)
        panel.go.clear()  # after an unknown outcome the client waits for an answer
        placing = asyncio.create_task(journal.place(client, "a", ORDER))
        await until(lambda: len(panel.forms) > len(panel.added))
        await journal.resolve("a", **FOUND)
        panel.go.set()
        assert (await placing).order_id == 7
    assert len(panel.added) == 1


async def test_a_late_answer_of_the_panel_ends_a_resolution(journal: Journal) -> None:
    panel = Panel()
    async with panel.client() as client:
        await brought_into("confirmed", journal, panel, client)
        store = journal._store  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        placing = await journal.get("a")
        assert placing is not None
    # The claim is still that of the session that counted as dead.
    token = await store.do(
        lambda connection: connection.scalar(orders.select().with_only_columns(orders.c.token))
    )
    await store.settle(Settle(str(token), placing, placing.state, order_ids=(9,)))
    assert (await entry_of(journal, "a")).order_ids == (9,)
    with pytest.raises(InvalidInputError, match="only unknown and manually resolved"):
        await journal.resolve("a", **FOUND)


async def test_only_the_id_that_was_asked_for_is_confirmed(journal: Journal) -> None:
    panel = Panel()
    async with panel.client() as client:
        await brought_into("given", journal, panel, client)
        asked = await entry_of(journal, "a")
        changed = await journal.resolve("a", **FOUND)
        await journal._store.verified(asked)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        assert await journal.get("a") == changed
        assert changed.resolved_manually


# --- an id that another order has ---------------------------------------------------------------------


async def test_the_id_of_another_order_is_refused(journal: Journal) -> None:
    panel = Panel(SEVEN, LOST)
    async with panel.client() as client:
        await journal.place(client, "a", ORDER)
        await lost(journal, client, "b")
        before = await journal.get("b")
        with pytest.raises(ConfigurationError, match="7 is the id of order 'a'; nothing was changed") as it:
            await journal.resolve("b", **FOUND)
        assert isinstance(it.value, InvalidInputError)
        assert (it.value.field, await journal.get("b")) == ("order_id", before)
        assert (await journal.resolve("b", order_id=8)).warning is None


@pytest.mark.parametrize("number", [7, "7", 8, "x9"])
async def test_each_id_of_an_order_that_became_several_is_taken(journal: Journal, number: int | str) -> None:
    panel = Panel(httpx.Response(200, json={"order": [7, 8, "x9"]}), LOST)
    async with panel.client() as client:
        await journal.place(client, "a", ORDER)
        await lost(journal, client, "b")
    with pytest.raises(ConfigurationError, match=f"{number} is the id of order 'a'"):
        await journal.resolve("b", order_id=number)


async def test_an_id_that_a_person_gave_to_another_order_is_corrected_there_first(journal: Journal) -> None:
    panel = Panel(LOST, LOST)
    async with panel.client() as client:
        await lost(journal, client, "a")
        await lost(journal, client, "b")
        await journal.resolve("a", **FOUND)
        for _ in range(2):
            with pytest.raises(
                ConfigurationError, match=r"'a', which was resolved manually.*resolve it again first"
            ):
                await journal.resolve("b", **FOUND)
            await journal.reconcile(client)  # confirms it
        await journal.resolve("a", order_id=8)
        assert (await journal.resolve("b", **FOUND)).warning is None


async def test_another_panel_may_have_the_same_id(journal: Journal) -> None:
    other = AsyncClient("KEY", base_url="https://other.example/", transport=Panel(SEVEN))
    async with Panel(LOST).client() as client, other:
        await journal.place(other, "a", ORDER)
        await lost(journal, client, "b")
    assert (await journal.resolve("b", **FOUND)).warning is None


async def test_at_a_panel_that_repeats_ids_it_is_a_warning(journal: Journal) -> None:
    panel = Panel(SEVEN, SEVEN, LOST)
    async with panel.client() as client:
        await journal.place(client, "a", ORDER)
        assert "of no use" in str((await journal.place(client, "b", ORDER)).warning)
        await lost(journal, client, "c")
    warning = (await journal.resolve("c", **FOUND)).warning
    assert warning == "'a' has the same id, 7: this panel's ids may be of no use"
    assert (await journal.resolve("c", order_id=8)).warning is None


async def test_an_id_that_a_person_gave_proves_nothing_of_the_panel(journal: Journal) -> None:
    panel = Panel(LOST, SEVEN, LOST)
    async with panel.client() as client:
        await lost(journal, client, "a")
        await journal.resolve("a", **FOUND)
        await journal.reconcile(client)
        entry = await journal.place(client, "b", ORDER)
        assert entry.warning == "'a' has the same id, 7: it was resolved manually, maybe with a wrong id"
        assert await journal.get("b") == entry
        await lost(journal, client, "c")
        with pytest.raises(ConfigurationError, match="nothing was changed"):
            await journal.resolve("c", **FOUND)


async def test_an_id_that_a_person_gave_comes_among_those_of_a_split_order(journal: Journal) -> None:
    panel = Panel(LOST, httpx.Response(200, json={"order": [6, 7, 8]}))
    async with panel.client() as client:
        await lost(journal, client, "a")
        await journal.resolve("a", **FOUND)
        entry = await journal.place(client, "b", ORDER)
        assert entry.warning == "'a' has the same id, 7: it was resolved manually, maybe with a wrong id"
        assert await journal.get("b") == entry


async def test_a_warning_ends_when_the_other_order_is_corrected(journal: Journal) -> None:
    panel = Panel(LOST, SEVEN)
    async with panel.client() as client:
        await lost(journal, client, "a%")
        await journal.resolve("a%", **FOUND)
        assert (await journal.place(client, "b", ORDER)).warning
        await journal.resolve("a%", order_id=8)
        assert (await entry_of(journal, "b")).warning is None
        assert (await entry_of(journal, "a%")).warning is None


async def test_a_warning_names_another_order_once_the_first_one_is_corrected(journal: Journal) -> None:
    panel = Panel(LOST, SEVEN, SEVEN)
    async with panel.client() as client:
        await lost(journal, client, "a")
        await journal.resolve("a", **FOUND)
        assert "'a' has the same id" in str((await journal.place(client, "b", ORDER)).warning)
        await journal.place(client, "c", ORDER)
        await journal.resolve("a", **NOT_FOUND)
        warnings = [(await entry_of(journal, name)).warning for name in "abc"]
    of_no_use = "has the same id, 7: this panel's ids may be of no use"
    assert warnings == [None, f"'c' {of_no_use}", f"'b' {of_no_use}"]


@pytest.mark.parametrize("number", ["07", "7.0", "+7", "0007", "7"])
@pytest.mark.parametrize("manually", [True, False])
async def test_another_spelling_of_an_id_is_the_same_id(
    journal: Journal, number: str, *, manually: bool
) -> None:
    panel = Panel(LOST if manually else SEVEN, LOST)
    async with panel.client() as client:
        if manually:
            await lost(journal, client, "a")
            await journal.resolve("a", order_id=number)
        else:
            await journal.place(client, "a", ORDER)
        await lost(journal, client, "b")
        with pytest.raises(ConfigurationError, match="is the id of order 'a'"):
            await journal.resolve("b", order_id=7 if manually else number)
        assert (await journal.resolve("b", order_id="70")).order_id
