"""What is learnt of how a panel takes batches, for each action.

Nothing is learnt from one sign, and nothing for ever. A smaller size takes two signs of the same size; that
there are no batches, an id that is refused in one and answered alone. After a number of requests (50, twice
as many each time it fails, 1,600 at most) one batch of the full size is tried again.
"""

import asyncio
import logging
from collections.abc import Sequence

_log = logging.getLogger("agencia_async")

FULL = -1
"""`Doubt.looks`: search as if nothing was ever in vain."""
_SIGNS = 2
_FIRST_TRIAL = 50
_LAST_TRIAL = 1600
"""Requests before a batch of the full size is tried again: at first, and at most."""
_SECOND_LOOKS = 4


class Doubt:
    """Whether it is worth it to search a failed batch for the ids that are right.

    The first search is a full one. After one in vain, the next asks only for as many single ids as `looks`
    says, one entry for each search in vain, and goes on if one of them has a value; after the last entry, one
    batch in `every` is looked at, with one id. A batch that succeeds takes it back to `ease`.
    """

    def __init__(self, looks: Sequence[int], *, every: int, ease: int) -> None:
        self._looks = looks
        self._every = every
        self._ease = ease
        self._in_vain = 0
        self._skipped = 0

    def looks(self) -> int:
        """How many single ids to ask for first; `FULL` for a full search, 0 for none."""
        if not self._in_vain:
            return FULL
        if self._in_vain <= len(self._looks):
            return self._looks[self._in_vain - 1]
        self._skipped += 1
        return 0 if self._skipped % self._every else 1

    def searched(self, *, fruitful: bool) -> None:
        """A search found a value, or none."""
        self._in_vain = 0 if fruitful else self._in_vain + 1

    def eased(self) -> None:
        """A batch was answered completely."""
        self._in_vain = min(self._in_vain, self._ease)


class BatchSupport:
    """What is known of one action's batches.

    Attributes:
        size: how many ids the panel takes in one request, as far as is known.
        cut_at: the same, if the panel leaves out the others in silence; else the maximum.
        answers_rows: a reply to a batch named an id: the panel has batches.
        no_batches: the panel does not read the field for many ids.
        misses_field: it said that the field for one is missing.
        refusals: doubt about batches refused for an id's sake.
        words: about batches refused in words that no pattern recognises.
        gaps: about ids that a reply leaves out.
        failures: about batches that make the panel fail.
        searching: held by a search until it has found its first value.
    """

    def __init__(self, action: str, most: int) -> None:
        self._action = action
        self._most = self.size = self.cut_at = most
        self.answers_rows = self.no_batches = self.misses_field = False
        self.refusals = Doubt((2, 2, 1, 1, 1, 1, 1, 1), every=20, ease=1)
        self.gaps = Doubt((2, 2, 1, 1, 1, 1, 1, 1), every=20, ease=1)
        self.words = Doubt((), every=50, ease=0)
        self.failures = Doubt((1, 1), every=20, ease=0)
        self.searching = asyncio.Lock()
        self._signs: dict[int, int] = {}
        self._since = 0
        self._wait = _FIRST_TRIAL
        self._second_looks = _SECOND_LOOKS

    def next_size(self) -> int:
        """How many ids to put into the next request."""
        return self._most if self._is_due() else self.size

    def trial(self) -> bool:
        """Whether a batch larger than `size` is to be tried now; if so, the next one is not."""
        if not self._is_due():
            return False
        self._since = 0
        self._wait = min(2 * self._wait, _LAST_TRIAL)
        return True

    def _is_due(self) -> bool:
        return self._since >= self._wait

    def sent(self) -> None:
        """A request of the smaller size was sent."""
        self._since += 1

    def answered(self, count: int) -> None:
        """A batch of so many ids was answered completely."""
        self.answers_rows = True
        self.misses_field = False
        if self._signs:
            self._signs = {size: signs for size, signs in self._signs.items() if size >= count}
        for doubt in (self.refusals, self.words, self.gaps, self.failures):
            doubt.eased()
        if count > self.size:
            self.size = self.cut_at = self._most
            self.no_batches = False
            self._wait = _FIRST_TRIAL
            _log.info("%s: the panel answers larger batches again", self._action)

    def sign(self, size: int, signs: int = 1, *, cut: bool = False) -> None:
        """A sign that the panel takes no more than `size` ids; `cut`: it left out the others in silence."""
        self._signs[size] = self._signs.get(size, 0) + signs
        if self._signs[size] >= _SIGNS and size < self.size:
            self._learn(size)
            if cut:
                self.cut_at = size
            _log.info("%s: the panel answers at most %d ids per request", self._action, size)

    def lacks_batches(self) -> None:
        """The panel refuses an id in the field for many, and answers it in the field for one."""
        if not self.no_batches:
            self._learn(1)
            self.no_batches = True
            _log.info("%s: the panel has no batches; ids are requested one by one", self._action)

    def _learn(self, size: int) -> None:
        self.size = size
        self._since = 0
        self._signs.clear()

    def second_look(self) -> bool:
        """Whether a text id that was refused as a batch is worth a request in the field for one id."""
        return not self.answers_rows and self._second_looks > 0

    def second_look_failed(self) -> None:
        """It was refused there as well."""
        self._second_looks -= 1
