"""When each id is asked for again, and what a request is filled up with.

Pure: it is given times. An id is asked for again after a share of its *age*, the time for which its state has
been the same: an order that has been in progress for an hour may as well be found to have ended a few minutes
later. While it is young it is asked for whenever its age has doubled, up to a few times `min_interval`.
Nothing is asked for more often than each `min_interval` or less often than each `max_interval`.

A request costs the same for 1 id as for 100. So whenever one is due, the batch is filled up with those that
are due next, which are then found earlier and due later.
"""

import heapq
import math

from attrs import frozen

SHARE = 0.15
"""The share of its age after which an id is asked for again."""
_YOUNG = 2.5
"""Times `min_interval`; up to this the interval is the age itself."""
_STALE = 64
"""Entries of the heap that may be void, beside as many as there are ids."""


@frozen
class Intervals:
    """The bounds of the intervals, in seconds."""

    least: float
    most: float

    def after(self, age: float) -> float:
        """Seconds until an id is asked for again whose state has been the same for `age` seconds."""
        young = min(age, _YOUNG * self.least)
        return min(self.most, max(self.least, young, SHARE * age))


class Schedule:
    """The times at which ids are due: one heap, and no timer."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._due)

    def put(self, key: str, due: float) -> None:
        """Ask for it at that time; an earlier answer to when is void."""
        self._due[key] = due
        heapq.heappush(self._heap, (due, key))
        if len(self._heap) > 2 * len(self._due) + _STALE:
            self._heap = [(at, key) for key, at in self._due.items()]
            heapq.heapify(self._heap)

    def discard(self, key: str) -> None:
        """Do not ask for it."""
        self._due.pop(key, None)

    def next_at(self) -> float:
        """When the first one is due; infinite if there is none."""
        while self._heap and self._is_void(*self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else math.inf

    def take(self, now: float, size: int) -> list[str]:
        """The next batch, filled up to `size`, which leaves the schedule; empty if nothing is due."""
        batch: list[str] = []
        if self.next_at() > now:
            return batch
        while self._heap and len(batch) < size:
            due, key = heapq.heappop(self._heap)
            if not self._is_void(due, key):
                del self._due[key]
                batch.append(key)
        return batch

    def _is_void(self, due: float, key: str) -> bool:
        return self._due.get(key) != due
