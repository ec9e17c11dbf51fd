"""Who waits at the gate: in which order they come, and when their deadlines pass.

What it costs to find the next one, or the first deadline, does not grow with their number.
"""

import asyncio
import heapq
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import count

_MOST_PASSED = 9
"""Urgent requests that may overtake a waiting bulk read; then it is its turn, or it would starve."""
_FEW = 64
"""Past waiters that may remain in the heap of deadlines, beside as many as those who wait."""


class Waiter:
    """One request in the queue; `is_reserving` while it makes a reservation.

    `until` is its deadline, by the clock of counted time; infinite if its waiting does not count.
    """

    __slots__ = ("future", "is_reserving", "is_urgent", "is_write", "place", "until")

    def __init__(self, until: float, *, is_urgent: bool, is_write: bool) -> None:
        self.until = until
        self.is_urgent = is_urgent
        self.is_write = is_write
        self.future = new_future()
        self.is_reserving = False
        self.place = 0


def new_future() -> "asyncio.Future[int]":
    """What a waiter awaits."""
    return asyncio.get_running_loop().create_future()


Line = OrderedDict[Waiter, None]


class WaitingQueue:
    """First in, first out; urgent requests before bulk reads, which still get one turn in ten."""

    def __init__(self) -> None:
        self._places = count(1)
        self._lines: dict[tuple[bool, bool], Line] = {
            (urgent, write): OrderedDict() for urgent in (True, False) for write in (True, False)
        }
        self._passed = 0

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def __iter__(self) -> Iterator[Waiter]:
        return (waiter for line in self._lines.values() for waiter in [*line])

    def add(self, waiter: Waiter, *, is_first: bool = False) -> None:
        """It comes last, or before all others."""
        waiter.place = 0 if is_first else next(self._places)
        self._line(waiter)[waiter] = None
        if is_first:
            self._line(waiter).move_to_end(waiter, last=False)

    def drop(self, waiter: Waiter) -> None:
        """It no longer waits."""
        self._line(waiter).pop(waiter, None)

    def granted(self, waiter: Waiter) -> None:
        """It has had its turn."""
        is_bulk_waiting = any(line for (urgent, _), line in self._lines.items() if not urgent)
        self._passed = self._passed + 1 if is_bulk_waiting and waiter.is_urgent else 0
        self.drop(waiter)

    def first(self, *, reads: bool, writes: bool) -> Waiter | None:
        """Whose turn it is, if only reads or writes may be sent."""
        is_bulks_turn = self._passed >= _MOST_PASSED
        for urgent in (False, True) if is_bulks_turn else (True, False):
            allowed = [
                head
                for write in (False, True)
                if (writes if write else reads) and (head := self._head(urgent, write))
            ]
            if allowed:
                return min(allowed, key=lambda waiter: waiter.place)
        return None

    def _line(self, waiter: Waiter) -> Line:
        return self._lines[waiter.is_urgent, waiter.is_write]

    def _head(self, urgent: bool, write: bool) -> Waiter | None:  # noqa: FBT001 - the name of a line
        line = self._lines[urgent, write]
        while line:
            waiter = next(iter(line))
            if not waiter.future.done():
                return waiter
            del line[waiter]  # cancelled in this iteration of the event loop
        return None


class Deadlines:
    """The deadlines of those who wait, by a clock that stands still while waiting does not count."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Waiter]] = []
        self._counted = 0.0
        self._read = 0.0
        self.is_running = False

    def now(self) -> float:
        """The counted time."""
        return self._counted + (self._clock() - self._read if self.is_running else 0.0)

    def run(self, *, is_running: bool) -> None:
        """Let the clock run, or stand still."""
        self._counted, self._read, self.is_running = self.now(), self._clock(), is_running

    def add(self, waiter: Waiter, waiting: int) -> None:
        """Watch its deadline; so many wait in all."""
        if waiter.until == math.inf:
            return
        heapq.heappush(self._heap, (waiter.until, waiter.place, waiter))
        if len(self._heap) > 2 * waiting + _FEW:
            self._heap = [entry for entry in self._heap if not entry[2].future.done()]
            heapq.heapify(self._heap)

    def passed(self, until: float) -> Iterator[Waiter]:
        """Those whose deadlines are not later than this."""
        while self._heap and self._heap[0][0] <= until:
            waiter = heapq.heappop(self._heap)[2]
            if not waiter.future.done():
                yield waiter

    def next_at(self) -> float:
        """When the first deadline passes, by the real clock; infinite while the counted one stands still."""
        while self._heap and self._heap[0][2].future.done():
            heapq.heappop(self._heap)
        if not self._heap or not self.is_running:
            return math.inf
        return self._clock() + self._heap[0][0] - self.now()
