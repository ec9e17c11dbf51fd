"""All ids of a watcher, and what the outcomes of a batch tell of the panel."""

import pytest

from agencia_async import (
    AgenciaError,
    AuthenticationError,
    InvalidOrderError,
    NotAnsweredError,
    NotFoundError,
    OrderStatus,
    PanelError,
    RateLimitedError,
    TransportError,
    UnavailableError,
)
from agencia_async._models.row_errors import mark_as_row
from agencia_async._watch.register import Register, Rules
from agencia_async._watch.schedule import Intervals
from agencia_async._watch.watched import Known

DONE = OrderStatus(status="Completed")
BUSY = OrderStatus(status="In progress")


def register(*keys: str) -> Register[OrderStatus]:
    it: Register[OrderStatus] = Register(Rules(Intervals(5, 3600), 600))
    for key in keys:
        it.add(key, key, Known(0), 0)
    return it


def test_an_end_is_waited_for_until_it_is_offered() -> None:
    it = register("a", "b")
    changed = it.answered({"a": DONE, "b": BUSY}, 1, 0)
    assert (it.open, it.untold, it.next()) == (2, 0, None)
    it.offer(changed)
    assert (it.open, it.untold) == (1, 2)
    assert [it.next(), it.next(), it.next()][2] is None


def test_what_is_recorded_is_not_told_before() -> None:
    it = register("a")
    it.offer(it.answered({"a": BUSY}, 1, 0))
    changed = it.answered({"a": DONE}, 2, 0)
    assert it.next() is None
    it.offer(changed)
    change = it.next()
    assert change is not None
    assert (change.value, change.number) == (DONE, 2)


def test_an_end_that_is_discarded_before_it_is_offered() -> None:
    it = register("a", "b")
    changed = it.answered({"a": DONE, "b": BUSY}, 1, 0)
    it.discard("a")
    assert it.open == 1
    it.add("a", "a", Known(0), 0)
    it.offer(changed)
    assert (it.open, it.untold) == (2, 1)


def test_what_is_again_as_it_was_told_is_not_offered() -> None:
    it = register("a")
    it.offer(it.answered({"a": BUSY}, 1, 0))
    it.next()
    other = it.answered({"a": OrderStatus(status="Pending")}, 2, 0)
    it.offer([*other, *it.answered({"a": BUSY}, 3, 0)])
    assert (it.untold, it.open) == (0, 1)


def test_an_answer_for_what_has_ended_is_ignored() -> None:
    it = register("a")
    it.schedule.take(0, 100)
    it.offer(it.answered({"a": DONE}, 1, 0))
    assert it.answered({"a": BUSY}, 2, 0) == []
    assert len(it.schedule) == 0


def test_what_is_asked_again_is_due_unless_discarded() -> None:
    it = register("a", "b")
    it.schedule.take(0, 100)
    it.discard("b")
    it.again(["a", "b"], 7)
    assert it.schedule.take(7, 100) == ["a"]


def test_what_was_not_told_before_is_told_first() -> None:
    it = register()
    it.add("a", "a", Known(0, DONE, None, 2, BUSY, 1), 0)
    assert (it.open, it.untold, len(it.schedule)) == (0, 1, 0)
    change = it.next()
    assert change is not None
    assert (change.previous, change.value, change.number) == (BUSY, DONE, 2)


def test_the_states_are_counted() -> None:
    it = register("a", "b", "c")
    it.answered({"a": BUSY, "b": BUSY, "c": NotFoundError("no")}, 1, 0)
    it.answered({"a": DONE}, 2, 0)
    assert +it.states == {"In progress": 1, "Completed": 1}
    it.discard("a")
    assert +it.states == {"In progress": 1}


AWAY = TransportError("away")


@pytest.mark.parametrize(
    ("outcomes", "is_it"),
    [
        ({"a": BUSY}, False),
        ({"a": AWAY}, True),
        ({"a": AWAY, "b": UnavailableError("later")}, True),
        ({"a": AWAY, "b": BUSY}, False),
        ({"a": NotFoundError("no")}, False),
        ({"a": NotAnsweredError("no"), "b": NotAnsweredError("no")}, False),
        ({"a": InvalidOrderError("no"), "b": InvalidOrderError("no")}, False),
        ({"a": PanelError("words")}, False),
        ({"a": PanelError("words"), "b": PanelError("words")}, True),
        ({"a": PanelError("words"), "b": NotFoundError("no")}, False),
    ],
)
def test_whether_the_panel_can_be_used(outcomes: dict[str, OrderStatus | AgenciaError], is_it: bool) -> None:  # noqa: FBT001
    assert register(*outcomes).is_of_the_panel(outcomes) is is_it


def of_row(error: AgenciaError) -> AgenciaError:
    mark_as_row(error)
    return error


@pytest.mark.parametrize(
    ("outcomes", "is_it"),
    [
        ({"a": of_row(PanelError("words")), "b": of_row(PanelError("words"))}, False),
        ({"a": of_row(UnavailableError("too old"))}, False),
        ({"a": of_row(UnavailableError("too old")), "b": AWAY}, False),
        ({"a": of_row(RateLimitedError("slow down"))}, True),
    ],
)
def test_what_the_row_of_an_id_says_is_about_the_id(outcomes: dict[str, AgenciaError], is_it: bool) -> None:  # noqa: FBT001
    assert register(*outcomes).is_of_the_panel(outcomes) is is_it


def denied() -> AgenciaError:
    return AuthenticationError("denied")


@pytest.mark.parametrize(
    ("outcomes", "is_it"),
    [
        ({"a": BUSY}, False),
        ({"a": denied()}, True),
        ({"a": of_row(denied())}, True),
        ({"a": of_row(denied()), "b": of_row(denied())}, True),
        ({"a": of_row(denied()), "b": BUSY}, False),
        ({"a": of_row(denied()), "b": NotFoundError("no")}, False),
        ({"a": AuthenticationError("revoked"), "b": BUSY}, True),
        ({"discarded meanwhile": denied()}, False),
        ({"discarded meanwhile": denied(), "a": denied()}, True),
    ],
)
def test_whether_the_account_is_rejected(
    outcomes: dict[str, OrderStatus | AgenciaError],
    is_it: bool,  # noqa: FBT001
) -> None:
    assert (register("a", "b").rejection(outcomes) is not None) is is_it


def test_an_id_alone_that_was_denied_beside_others_is_no_rejection() -> None:
    it = register("a", "b")
    it.answered({"a": BUSY, "b": of_row(AuthenticationError("denied"))}, 1, 0)
    assert it.rejection({"b": AuthenticationError("denied")}) is None
    assert not it.is_of_the_panel({"b": AuthenticationError("denied")})
    assert it.rejection({"b": AuthenticationError("Invalid API key")}) is not None
    assert it.rejection({"a": AuthenticationError("denied")}) is not None


def test_ids_that_were_all_denied_beside_others_are_no_rejection() -> None:
    it = register("a", "b", "c")
    it.answered({"a": BUSY, "b": of_row(denied()), "c": of_row(denied())}, 1, 0)
    for again in (denied(), of_row(denied())):
        whole = {"b": again, "c": again}
        assert it.rejection(whole) is None
        assert not it.is_of_the_panel(whole)
        assert it.rejection({**whole, "a": again}) is not None


def test_words_that_concern_several_ids_concern_none_though_one_was_discarded() -> None:
    it = register("a")
    assert it.is_of_the_panel({"a": PanelError("blub"), "discarded meanwhile": PanelError("blub")})


def test_what_was_recorded_is_adopted() -> None:
    it = register("a", "b")
    changed = it.answered({"a": BUSY, "b": DONE}, 1, 0)
    for one in changed:
        recorded = {"a": Known(1, DONE, None, 4, DONE, 4), "b": Known(1, BUSY, None, 2)}[one.key]
        it.adopt(one, recorded, 1)
    it.offer(changed)
    assert (+it.states, it.open) == ({"Completed": 1, "In progress": 1}, 1)
    assert it.schedule.take(6, 100) == ["b"]
    told = [change for change in (it.next(), it.next()) if change is not None]
    assert [(change.id, change.value, change.number) for change in told] == [("a", DONE, 4), ("b", BUSY, 2)]


def test_what_was_recorded_of_a_discarded_id_is_not_adopted() -> None:
    it = register("a")
    (one,) = it.answered({"a": BUSY}, 1, 0)
    it.discard("a")
    it.adopt(one, Known(1, DONE, None, 4), 1)
    assert (+it.states, len(it.schedule)) == ({}, 0)
