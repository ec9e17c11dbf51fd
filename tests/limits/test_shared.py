import asyncio
import logging
import math
from itertools import pairwise

import pytest

from agencia_async._limits.shared import PatientReservations, Reservation, SharedReservations
from tests.support.until import until
from tests.support.virtual import virtual_time

WHERE = "redis://127.0.0.1:6379/0"


class ReservationStore:
    """A store that does what the test says; it keeps what it was asked for, and when."""

    def __init__(self, *, wait: float = 0.0, clients: int = 1) -> None:
        self.wait = wait
        self.clients = clients
        self.fault: Exception | None = None
        self.late = 0.0
        self.in_flight = 0
        self.asked: list[tuple[float, str, int]] = []

    async def _do(self, what: str, slots: int = 0) -> None:
        self.asked.append((now(), what, slots))
        self.in_flight += 1
        try:
            await asyncio.sleep(self.late)
        finally:
            self.in_flight -= 1
        if self.fault is not None:
            raise self.fault

    async def reserve(self, slots: int = 1) -> Reservation:
        await self._do("reserve", slots)
        return Reservation(self.wait, self.clients)

    async def leave(self) -> None:
        await self._do("leave")

    async def aclose(self) -> None:
        await self._do("close")


def now() -> float:
    return asyncio.get_running_loop().time()


def reservations(store: ReservationStore, interval: float = 0.5) -> SharedReservations:
    return SharedReservations(store, WHERE, interval, now)


async def used(it: SharedReservations) -> float:
    """Wait for a place and use it; the time at which that is."""
    await asyncio.sleep(await it.reserve())
    return now()


@virtual_time
async def test_a_reservation_is_where_the_store_says() -> None:
    store = ReservationStore(wait=3.0)
    it = reservations(store)
    assert [await used(it), await used(it)] == [3.0, 6.0]
    assert store.asked == [(0.0, "reserve", 1), (3.0, "reserve", 1)]


@virtual_time
async def test_the_answer_counts_from_when_it_comes() -> None:
    store = ReservationStore(wait=3.0)
    store.late = 0.2
    assert await used(reservations(store)) == pytest.approx(3.2)


@virtual_time
async def test_without_the_store_a_client_keeps_to_its_share() -> None:
    store = ReservationStore(clients=4)
    it = reservations(store)
    assert await used(it) == 0.0
    store.fault = OSError()
    assert [await used(it) for _ in range(3)] == [2.0, 4.0, 6.0]


@virtual_time
async def test_who_never_saw_the_store_takes_itself_for_the_only_one() -> None:
    store = ReservationStore(clients=4)
    store.fault = OSError()
    it = reservations(store)
    assert [await used(it) for _ in range(3)] == [0.0, 0.5, 1.0]


@virtual_time
async def test_a_share_that_was_not_used_is_not_saved_up() -> None:
    store = ReservationStore()
    store.fault = OSError()
    it = reservations(store)
    await used(it)
    await asyncio.sleep(10.0)
    assert [await used(it) for _ in range(3)] == [10.0, 10.5, 11.0]


@virtual_time
async def test_an_answer_that_is_late_is_not_waited_for() -> None:
    store = ReservationStore()
    store.late = math.inf
    it = reservations(store)
    assert await used(it) == 0.25
    assert await used(it) == 0.75


@virtual_time
async def test_a_lost_store_is_looked_for_once_a_second_by_nobody_who_waits() -> None:
    store = ReservationStore()
    store.late = math.inf
    it = reservations(store, 0.1)
    times = [await used(it) for _ in range(80)]
    assert [later - earlier for earlier, later in pairwise(times)] == pytest.approx([0.1] * 79)
    looks = [when for when, what, count in store.asked[1:] if (what, count) == ("reserve", 0)]
    assert looks == pytest.approx([1.25, 4.25, 7.25], abs=0.11)  # it waits 2 s for each
    await it.aclose()


@virtual_time
async def test_a_store_that_is_back_is_used_again() -> None:
    store = ReservationStore()
    store.fault = OSError()
    it = reservations(store, 1.0)
    assert [await used(it), await used(it)] == [0.0, 1.0]
    store.fault = None
    assert [await used(it), await used(it)] == [2.0, 3.0]
    store.wait = 0.3
    assert [await used(it), await used(it), await used(it)] == [4.0, 5.0, 5.3]
    assert store.asked == [
        (0.0, "reserve", 1),
        (1.0, "reserve", 0),
        *[(when, "reserve", 1) for when in (2.0, 3.0, 4.0, 5.0)],
    ]


@virtual_time
async def test_clients_that_come_back_one_after_the_other_keep_to_the_limit_together() -> None:
    store = ReservationStore(clients=2)
    early, late = reservations(store, 1.0), reservations(store, 1.0)
    assert [await early.reserve(), await late.reserve()] == [0.0, 0.0]
    store.fault = OSError()
    assert [await used(early), await late.reserve()] == [2.0, 0.0]
    store.fault = None
    store.clients = 1  # the other one is not back yet
    assert [await used(early) for _ in range(6)] == [4.0, 6.0, 8.0, 8.0, 8.0, 8.0]
    store.fault = OSError()
    assert await used(early) == 9.0


@virtual_time
async def test_who_comes_back_keeps_to_as_many_as_were_seen() -> None:
    store = ReservationStore()
    store.fault = OSError()
    it = reservations(store, 1.0)
    assert [await used(it), await used(it)] == [0.0, 1.0]
    store.fault, store.clients = None, 3
    assert [await used(it), await used(it)] == [2.0, 5.0]


@virtual_time
async def test_the_log_tells_once_that_the_store_is_lost_and_once_that_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "agencia_async")
    store = ReservationStore(clients=3)
    it = reservations(store, 0.5)
    await used(it)
    store.fault = ConnectionError("it is pa55word")
    for _ in range(4):
        await used(it)
    store.fault = None
    for _ in range(4):
        await used(it)
    lost = f"Redis at {WHERE} is unavailable (ConnectionError): this client falls back to 1/3"
    back = f"Redis at {WHERE} is available again: the rate limit is shared"
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", f"{lost} of the rate limit"),
        ("INFO", back),
    ]


@virtual_time
async def test_who_gives_up_while_redis_is_asked_leaves_no_trace() -> None:
    store = ReservationStore()
    store.late = 0.2
    it = reservations(store)
    waiting = asyncio.ensure_future(it.reserve())
    await until(lambda: store.asked)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    store.late = 0.0
    assert await it.reserve() == 0.0
    assert [what for _, what, _ in store.asked] == ["reserve", "reserve"]


@virtual_time
async def test_at_the_end_the_others_get_the_share() -> None:
    store = ReservationStore()
    it = reservations(store)
    await it.reserve()
    await it.aclose()
    assert [what for _, what, _ in store.asked] == ["reserve", "leave", "close"]


@virtual_time
async def test_who_took_no_reservation_has_none_to_leave() -> None:
    store = ReservationStore()
    await reservations(store).aclose()
    assert [what for _, what, _ in store.asked] == ["close"]


@virtual_time
async def test_the_end_waits_for_no_store_that_is_lost() -> None:
    store = ReservationStore()
    it = reservations(store)
    await it.reserve()
    store.late = math.inf
    await asyncio.wait_for(it.aclose(), 10.0)
    assert now() == 0.5


@virtual_time
async def test_the_end_ends_the_look_for_a_lost_board() -> None:
    store = ReservationStore()
    store.fault = OSError()
    it = reservations(store, 1.0)
    await used(it)
    await used(it)
    store.late = 1.0
    await it.reserve()
    await until(lambda: len(store.asked) == 2)
    store.late = 0.0
    await it.aclose()
    assert [what for _, what, _ in store.asked] == ["reserve", "reserve", "close"]
    assert (now(), store.in_flight) == (1.0, 0)


@virtual_time
async def test_a_reservation_that_is_asked_for_at_the_end_is_no_loss_of_the_board(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = ReservationStore()
    store.late, store.fault = 0.1, OSError()
    it = reservations(store)
    waiting = asyncio.ensure_future(it.reserve())
    await until(lambda: store.asked)
    await it.aclose()
    assert await waiting == 0.0
    assert caplog.records == []


@virtual_time
async def test_after_the_end_nothing_is_looked_for() -> None:
    store = ReservationStore()
    store.fault = OSError()
    it = reservations(store)
    await it.reserve()
    await it.aclose()
    await asyncio.sleep(10.0)
    assert await it.reserve() == 0.0
    await asyncio.sleep(10.0)
    assert [what for _, what, _ in store.asked] == ["reserve", "close"]


# --- without a fallback ----------------------------------------------------------------------------------


@virtual_time
async def test_without_a_fallback_a_reservation_is_where_the_store_says() -> None:
    store = ReservationStore(wait=3.0)
    it = PatientReservations(store, WHERE)
    assert [await it.reserve(), await it.reserve()] == [3.0, 3.0]
    await it.aclose()
    assert [what for _, what, _ in store.asked] == ["reserve", "reserve", "leave", "close"]


@virtual_time
async def test_without_a_fallback_there_is_none_without_the_store(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    store = ReservationStore(wait=3.0)
    it = PatientReservations(store, WHERE)
    store.fault = OSError()
    assert [await it.reserve() for _ in range(3)] == [None] * 3
    store.fault = None
    assert await it.reserve() == 3.0
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", f"Redis at {WHERE} is unavailable (OSError): requests wait for it"),
        ("INFO", f"Redis at {WHERE} is available again: the rate limit is shared"),
    ]


@virtual_time
async def test_without_a_fallback_a_silent_store_is_not_waited_for_longer_than_two_seconds() -> None:
    store = ReservationStore()
    store.late = math.inf
    it = PatientReservations(store, WHERE)
    assert (await it.reserve(), now(), store.in_flight) == (None, 2.0, 0)


@virtual_time
async def test_without_a_fallback_the_end_ends_an_attempt_first(caplog: pytest.LogCaptureFixture) -> None:
    store = ReservationStore()
    it = PatientReservations(store, WHERE)
    assert await it.reserve() == 0.0
    store.late = 1.0
    attempt = asyncio.create_task(it.reserve())
    await asyncio.sleep(0.5)
    store.late = 0.0
    await it.aclose()
    assert (await attempt, now(), store.in_flight) == (None, 0.5, 0)
    assert [what for _, what, _ in store.asked] == ["reserve", "reserve", "leave", "close"]
    assert caplog.records == []


@virtual_time
async def test_without_a_fallback_the_end_waits_for_no_store_that_is_lost() -> None:
    store = ReservationStore()
    store.fault = OSError()
    it = PatientReservations(store, WHERE)
    assert await it.reserve() is None
    await it.aclose()
    assert [what for _, what, _ in store.asked] == ["reserve", "close"]
