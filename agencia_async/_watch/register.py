"""All ids of a watcher: which are due, what was answered, and what is still to be told. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic

from attrs import frozen

from agencia_async._models.row_errors import is_of_row
from agencia_async._models.watching import Change
from agencia_async._watch.schedule import Intervals, Schedule
from agencia_async._watch.watched import Known, S, Watched, is_about_an_id
from agencia_async.errors import AgenciaError, AuthenticationError, PanelError
from agencia_async.models import Id


@frozen
class Rules:
    """How ids are watched: see `AsyncClient.watch`."""

    intervals: Intervals
    unknown_for: float


class Register(Generic[S]):
    """The ids of a watcher.

    Attributes:
        states: how many were last seen in each state.
        unseen: how many have no status, and have not ended.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._ids: dict[str, Watched[S]] = {}
        self._news: dict[str, Watched[S]] = {}
        self.schedule = Schedule()
        self._open: set[str] = set()
        self.states: Counter[str] = Counter()
        self.unseen = 0

    def __iter__(self) -> Iterator[Watched[S]]:
        return iter(self._ids.values())

    def __contains__(self, key: str) -> bool:
        return key in self._ids

    @property
    def open(self) -> int:
        """How many have not ended, or their end may not be told yet."""
        return len(self._open)

    @property
    def untold(self) -> int:
        """How many changes are to be told."""
        return len(self._news)

    def add(self, given: Id, key: str, known: Known[S], due: float) -> None:
        """Watch one more id; what of it has not been told is news."""
        watched = self._ids[key] = Watched(given, key, known)
        self._count(watched, 1)
        if watched.has_news:
            self._news[key] = watched
        if not watched.is_ended:
            self._open.add(key)
            self.schedule.put(key, due)

    def discard(self, key: str) -> None:
        """Watch it no more, and forget it."""
        watched = self._ids.pop(key, None)
        if watched is None:
            return
        self._count(watched, -1)
        self._news.pop(key, None)
        self._open.discard(key)
        self.schedule.discard(key)

    def answered(
        self, outcomes: Mapping[str, S | AgenciaError], now: float, requested: float
    ) -> list[Watched[S]]:
        """Take the outcomes of a batch; those that have changed, which `offer` is then given."""
        changed: list[Watched[S]] = []
        for key, outcome in outcomes.items():
            watched = self._ids.get(key)
            if watched is None or watched.is_ended:
                continue  # discarded meanwhile
            watched.requested = requested
            if self._take(watched, outcome, now):
                self._news.pop(key, None)
                changed.append(watched)
            if not watched.is_ended:
                self.schedule.put(key, watched.due(now, self._rules.intervals, self._rules.unknown_for))
        return changed

    def _take(self, watched: Watched[S], outcome: S | AgenciaError, now: float) -> bool:
        self._count(watched, -1)
        if isinstance(outcome, AgenciaError):
            has_changed = watched.failed(outcome, now, self._rules.unknown_for)
        else:
            has_changed = watched.answered(outcome, now)
        self._count(watched, 1)
        return has_changed

    def again(self, keys: Iterable[str], now: float) -> None:
        """Ask for them again at once: nothing was answered."""
        for key in keys:
            if key in self._ids:
                self.schedule.put(key, now)

    def adopt(self, watched: Watched[S], known: Known[S], now: float) -> None:
        """Replace what is known of an id by what was recorded of it."""
        if self._ids.get(watched.key) is not watched:
            return  # discarded meanwhile
        self._count(watched, -1)
        watched.adopt(known)
        self._count(watched, 1)
        if watched.is_ended:
            self.schedule.discard(watched.key)
        else:
            due = watched.due(now, self._rules.intervals, self._rules.unknown_for)
            self.schedule.put(watched.key, due)

    def offer(self, changed: Iterable[Watched[S]]) -> None:
        """Let what has changed be told, and what has ended be no longer waited for."""
        for watched in changed:
            if self._ids.get(watched.key) is not watched:
                continue  # discarded meanwhile
            if watched.is_ended:
                self._open.discard(watched.key)
            if watched.has_news:
                self._news[watched.key] = watched

    def next(self) -> Change[S] | None:
        """The change that is told next, if there is one."""
        if not self._news:
            return None
        key = next(iter(self._news))
        return self._news.pop(key).take()

    def _count(self, watched: Watched[S], by: int) -> None:
        if watched.status is not None:
            self.states[str(watched.status.state)] += by
        elif watched.error is None:
            self.unseen += by

    def is_of_the_panel(self, outcomes: Mapping[str, object]) -> bool:
        """Whether the outcomes of a batch tell only that the panel cannot be used at the moment.

        An error in words that are not known may be about an id, but hardly if all ids of a batch have it.
        """
        is_alone = len(outcomes) == 1
        return not any(
            not isinstance(outcome, AgenciaError)
            or (is_about_an_id(outcome) and (is_alone or _is_of_one(outcome)))
            or self._says_again(key, outcome)
            for key, outcome in outcomes.items()
        )

    def _says_again(self, key: str, error: AgenciaError) -> bool:
        return key in self._ids and self._ids[key].says_again(error)

    def rejection(self, outcomes: Mapping[str, object]) -> AuthenticationError | None:
        """The rejection of the account.

        In the row of an id beside others it is about that id, and so is what repeats it; what is said of an
        id that was discarded meanwhile is said of the others in the next request.
        """
        errors = {key: each for key, each in outcomes.items() if isinstance(each, AuthenticationError)}
        is_whole = len(errors) == len(outcomes)
        for key, error in errors.items():
            is_in_its_row = is_of_row(error) and not is_whole
            if key in self._ids and not is_in_its_row and not self._says_again(key, error):
                return error
        return None


def _is_of_one(error: AgenciaError) -> bool:
    """Whether an error that is about an id is so for one of several."""
    return is_of_row(error) or type(error) is not PanelError
