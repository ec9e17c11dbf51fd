"""Batches of reads that fail or come back incomplete are asked for again in smaller requests.

A batch of n ids is sent in the field for many. `[n]` is a request of n ids, "alone" one of a single id in
the field that suits it (`Asker.alone`). What follows a reply to [n], n > 1:

- a row or an error for each id: done.
- The last ids are left out: they are asked for again as one batch. If the first of them is answered then, it
  is a sign that the panel takes no more than it answered; after two signs of the same size, that is learnt.
- An id is answered without its name: that may have wiped out the rows before it. The last id that is left out
  is asked for alone, those before it as one batch; if that gains nothing, by halves.
- Others are left out, or all: by halves.
- Refused, not found or invalid: by halves, until the culprits stand alone.
- Refused in words that are not recognised: both halves. If both are refused in the same words, two ids
  alone; if these are as well, the words concern no id, and all end in them. Else by halves.
- Refused, as the field for one id is missing: one id alone. If it has a value: one by one.
- Refused for another reason (unavailable, not allowed ...): one id alone. If it has a value: by halves; else
  all end in it.
- A reply that is no answer, after all retries (5xx, a page): the first, the last and the middle id alone. If
  all fail, the panel is down, and all end in it. Else by halves, without retries.
- Authentication, rate limit, funds, no reply at all: all end in it.

By halves a batch is asked for until each id stands alone, or

- the first four ids alone have no value, nor have three more from all over the batch: in vain;
- two ids that have values alone are refused or left out together, though no reply ever named an id: the panel
  has no batches. Its ids are asked for one by one, concurrently;
- two signs of one size: the ids that are left are asked for in parts of that size, concurrently;
- 60 requests were sent: what is left is a `NotAnsweredError`. Only if a reply came without names, what is
  left is asked for one by one: n requests more at most.

An id is a `NotFoundError` by a row of its own, or if it was refused alone. What was refused only as a part
of a batch is a `NotAnsweredError` that says so.

A search in vain makes the next ones smaller (`Doubt`), and the batches of an action wait with their search
until the one that searches has found a value. The requests for N ids in batches of n:

- nothing odd: N/n;
- k odd ids in a batch (wrong, refused, failing, left out): 2 k log2(2n/k) more, and at most 62;
- k ids that are answered without a name and wipe out rows: 2k + 2 more, with the same bound, and n;
- all wrong, refused whole or left out: N/n + 40, and one more in 20 batches;
- words that concern no id: N/n + 4, and one more in 50 batches;
- wrong ids left out, a few in each batch: 2 N/n + 40;
- no batches: N + 10, and one more after 50, 150, 350 ... requests, to try them again.
"""

from collections.abc import Sequence
from typing import Generic, TypeVar

from agencia_async._bulk.asker import Asker, is_about_ids, lacks_field
from agencia_async._bulk.reading import Gaps, Reading, Trouble, is_divisible
from agencia_async._calls.batch_support import FULL, Doubt
from agencia_async._protocol.outcomes import Outcomes, Values
from agencia_async.errors import AgenciaError, InvalidOrderError, NotFoundError, PanelError, twin

T = TypeVar("T")

_OF_AN_ID = (NotFoundError, InvalidOrderError)


def parts_of(wire_ids: Sequence[str], size: int) -> list[Sequence[str]]:
    """The ids in parts of at most `size`."""
    return [wire_ids[start : start + size] for start in range(0, len(wire_ids), size)]


def halves_of(wire_ids: Sequence[str]) -> list[Sequence[str]]:
    """The ids in two parts; one id in one."""
    return parts_of(wire_ids, (len(wire_ids) + 1) // 2)


class BatchRead(Generic[T]):
    """Reads one batch, until every id has its best possible outcome.

    `rest` are the ids that are still to be asked for, in parts of `part` ids.
    """

    def __init__(self, asker: Asker[T], wire_ids: Sequence[str]) -> None:
        self._asker = asker
        self._support = asker.support
        self._ids = wire_ids
        self._reading = Reading(asker, wire_ids)
        self.rest: list[str] = []
        self.part = 0

    async def read(self) -> Outcomes[T]:
        """The outcomes of all ids but the `rest`.

        Raises:
            AgenciaError: the batch failed as a whole, for no id's sake.
        """
        trouble: Trouble | None
        try:
            answers = await self._asker.batch(self._ids)
        except AgenciaError as error:
            if not is_divisible(error):
                raise
            trouble = error
        else:
            if isinstance(answers, Values):
                self._support.answered(len(self._ids))
                return answers
            trouble = self._reading.take(self._ids, answers)
        if trouble is not None:
            await self._search(trouble)
            self._finish(trouble)
        return self._reading.outcomes

    def _finish(self, trouble: Trouble) -> None:
        """Give each id that is left its error, or put it off."""
        reading = self._reading
        left = reading.open(self._ids)
        if reading.stopped is None and self._support.size < len(self._ids):
            self.rest, self.part = left, self._support.size
        elif reading.stopped is None and reading.is_wiped and reading.found:
            self.rest, self.part = left, 1
        else:
            reading.outcomes |= {wire_id: reading.unsettled(wire_id, trouble) for wire_id in left}

    async def _search(self, trouble: Trouble) -> None:
        await self._reading.lock()
        try:
            if self._support.size >= len(self._ids):  # else a trial, or learnt since the batch was sent
                await self._search_locked(trouble)
        finally:
            self._reading.unlock()

    async def _search_locked(self, trouble: Trouble) -> None:
        """Search as far as earlier searches make it worth it."""
        doubt = self._doubt(trouble)
        looks = doubt.looks()
        if looks != FULL:
            await self._reading.look(looks)
        if looks == FULL or self._reading.found:
            await self._divide(self._ids, trouble)
        elif not looks and isinstance(trouble, Gaps) and len(trouble.wire_ids) < len(self._ids):
            await self._once_more(trouble.wire_ids)
        elif isinstance(trouble, AgenciaError) and not isinstance(trouble, _OF_AN_ID):
            self._reading.stop(trouble)
        doubt.searched(fruitful=self._reading.found)

    def _doubt(self, trouble: Trouble) -> Doubt:
        if isinstance(trouble, Gaps):
            return self._support.gaps
        if not isinstance(trouble, PanelError):
            return self._support.failures
        return self._support.refusals if isinstance(trouble, _OF_AN_ID) else self._support.words

    async def _once_more(self, wire_ids: Sequence[str]) -> None:
        """Ask once more for ids that a reply leaves out, in one request."""
        if len(wire_ids) == 1:
            await self._reading.alone(wire_ids[0])
        else:
            await self._reading.batch(wire_ids)

    async def _ask(self, wire_ids: Sequence[str], above: str | None = None) -> None:
        """Settle these ids; `above` are the words in which a larger batch was refused."""
        wire_ids = self._reading.open(wire_ids)
        if not wire_ids or self._reading.is_over(wire_ids):
            return
        if len(wire_ids) == 1:
            await self._reading.alone(wire_ids[0])
            return
        trouble = await self._reading.batch(wire_ids)
        if trouble is not None:
            await self._divide(wire_ids, trouble, above)

    async def _divide(self, wire_ids: Sequence[str], trouble: Trouble, above: str | None = None) -> None:
        """Ask for the ids of a batch that failed or came back incomplete in smaller requests."""
        if isinstance(trouble, Gaps):
            await self._fill(wire_ids, trouble)
            return
        if not isinstance(trouble, PanelError):
            if await self._is_down(wire_ids, trouble):
                return
        elif lacks_field(trouble, self._asker.action.subject):
            await self._without_batches(wire_ids)
        elif not is_about_ids(trouble):
            await self._is_for_all(wire_ids, trouble)
        elif type(trouble) is PanelError and above is None:
            await self._in_unknown_words(wire_ids, trouble)
            return
        await self._halve(wire_ids, trouble, above)

    # --- refused ------------------------------------------------------------------------------------

    async def _halve(self, wire_ids: Sequence[str], trouble: AgenciaError, above: str | None) -> None:
        """One bad id can fail a whole batch: bisect until it is isolated."""
        for half in halves_of(wire_ids):
            await self._ask(half, trouble.message)
        self._learn(wire_ids, trouble, above)

    def _learn(self, wire_ids: Sequence[str], trouble: AgenciaError, above: str | None) -> None:
        """A batch that failed, though all its ids have values, was too large."""
        if all(map(self._reading.has_value, wire_ids)):
            # "Not found" in a larger batch may have been for another id's sake: that is no second sign.
            is_second = trouble.message == above and not isinstance(trouble, NotFoundError)
            self._support.sign(len(halves_of(wire_ids)[0]), 2 if is_second else 1)

    async def _in_unknown_words(self, wire_ids: Sequence[str], trouble: PanelError) -> None:
        """Do they concern an id? Not if both halves are refused in the same, and two ids alone."""
        refused: list[tuple[Sequence[str], Trouble]] = []
        for half in halves_of(wire_ids):
            part = self._reading.open(half)
            if len(part) > 1 and not self._reading.is_over(part):
                other = await self._reading.batch(part)
                refused += [] if other is None else [(part, other)]
            else:
                await self._ask(part)
        if len(refused) > 1 and all(_same(other, trouble) for _, other in refused):
            await self._compare([part[0] for part, _ in refused], trouble)
        for half, other in refused:
            if not self._reading.is_over(half):
                await self._divide(half, other, trouble.message)
        self._learn(wire_ids, trouble, None)

    async def _compare(self, wire_ids: Sequence[str], trouble: PanelError) -> None:
        """Stop if these ids alone are refused in the same words as the batch."""
        for wire_id in wire_ids:
            await self._reading.alone(wire_id)
        if all(_same(self._reading.outcomes[wire_id], trouble) for wire_id in wire_ids):
            self._reading.stop(trouble)

    async def _is_for_all(self, wire_ids: Sequence[str], trouble: PanelError) -> None:
        """Stop if the refusal concerns all ids: if one has no value alone either."""
        await self._ask(self._reading.open(wire_ids)[:1])
        if not self._reading.found:
            self._reading.stop(trouble)

    async def _without_batches(self, wire_ids: Sequence[str]) -> None:
        """The panel says that it misses the field for one id."""
        one = self._reading.open(wire_ids)[:1]
        await self._ask(one)
        if any(map(self._reading.has_value, one)):
            self._support.lacks_batches()

    # --- failed ---------------------------------------------------------------------------------------

    async def _is_down(self, wire_ids: Sequence[str], error: AgenciaError) -> bool:
        """Is it the panel that fails, or an id? It is the panel if three ids fail alone."""
        reading = self._reading
        if reading.is_failing:
            return False
        left = reading.open(wire_ids)
        for wire_id in dict.fromkeys((*left[:1], *left[-1:], *left[len(left) // 2 :][:1])):
            await reading.alone(wire_id, once=True)
            if reading.has_value(wire_id) or reading.is_refused(wire_id):
                reading.is_failing = True
                return False
        # The batch was retried, these were not: its error tells more.
        reading.outcomes |= {wire_id: twin(error) for wire_id in left}
        return True

    # --- left out -------------------------------------------------------------------------------------

    async def _fill(self, wire_ids: Sequence[str], gaps: Gaps) -> None:
        """Ask again for what a reply leaves out."""
        tail = wire_ids[gaps.answered :] if gaps.answered else ()
        before = gaps.wire_ids[: len(gaps.wire_ids) - len(tail)]
        await self._again(tail, gaps)
        gains = gaps.answered > 0 or not self._reading.is_wiped
        self._reading.is_wiped = self._reading.is_wiped or gaps.wiped
        if gaps.wiped and gains and len(before) > 1:
            await self._ask(before[-1:])
            await self._ask(before[:-1])
        elif before:
            for half in halves_of(before):
                await self._ask(half)

    async def _again(self, tail: Sequence[str], gaps: Gaps) -> None:
        """Ask again for the last ids, which a panel leaves out if a batch is too large."""
        if len(tail) <= 1 or self._reading.is_over(tail):
            await self._ask(tail)
            return
        trouble = await self._reading.batch(tail)
        if tail[0] in self._reading.outcomes:
            self._support.sign(gaps.answered, cut=True)
        if trouble is not None:
            await self._divide(tail, trouble)


def _same(outcome: object, trouble: PanelError) -> bool:
    return isinstance(outcome, PanelError) and outcome.message == trouble.message
