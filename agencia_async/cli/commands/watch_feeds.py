"""What is watched at each panel: ids, or the orders of a journal."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agencia_async import AsyncClient, Change, Id, OrderStatus
from agencia_async.cli.commands.bulk_run import ORDER_COLUMNS
from agencia_async.cli.commands.journal_ids import check_placed
from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.ids import IdOptions, open_ids
from agencia_async.cli.journal_option import JournalOption
from agencia_async.cli.output.summary import ERROR
from agencia_async.cli.output.watch_screen import PanelView
from agencia_async.cli.panel_options import PanelOptions
from agencia_async.cli.panel_profiles import profile_names
from agencia_async.cli.stderr import tell

if TYPE_CHECKING:
    from agencia_async import Watcher
    from agencia_async.journal import Journal, JournalWatcher


@dataclass(frozen=True, kw_only=True)
class ManyPanels(PanelOptions):
    """The options for the panels: those for one, and any number of profiles."""

    profile: str | None = field(default=None, init=False)
    profiles: Annotated[
        list[str] | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="Profile of the configuration file; can be repeated, to watch the journal of each profile. "
            r"\[env: AGENCIA_PROFILE]",
            rich_help_panel="Panel options",
            show_default=False,
            autocompletion=profile_names,
        ),
    ] = None

    @property
    def each(self) -> list[PanelOptions]:
        """The options of each panel."""
        own = {one.name: getattr(self, one.name) for one in fields(PanelOptions) if one.name != "profile"}
        names: list[str | None] = [*dict.fromkeys(self.profiles or [])]
        return [PanelOptions(**own, profile=name) for name in names or [None]]


class Feed:
    """The changes of one panel.

    Attributes:
        name: the panel, for the screen.
        profile: the name of its profile, where there are several.
        watcher: tells the changes.
        ended: how many orders were told to have ended, by state.

    Args:
        panel: the options of the panel.
        client: asks it.
        watcher: see above.
        told: is given each change that was told.
    """

    def __init__(
        self,
        panel: PanelOptions,
        client: AsyncClient,
        watcher: "Watcher[OrderStatus] | JournalWatcher",
        told: Callable[[Change[OrderStatus]], None],
    ) -> None:
        self.name: str = panel.panel_name
        self.profile: str | None = panel.profile
        self._client = client
        self._told = told
        self.watcher = watcher
        self.ended: Counter[str] = Counter()

    def told(self, change: Change[OrderStatus]) -> None:
        """It was told, and what was to be done for it is done."""
        if change.is_final:
            self.ended[ERROR if change.value is None else change.value.state.value] += 1
        self._told(change)

    def view(self) -> PanelView:
        """How it is going."""
        watched, client = self.watcher.stats(), self._client.stats()
        return PanelView(
            name=self.name,
            open=watched.watched,
            states=Counter(watched.states) + self.ended,
            unseen=watched.unseen,
            requests=client.requests,
            pace=client.pace,
            next_look=watched.next_look,
            away=client.away_for if watched.away is None else watched.away,
            why=str(watched.error or ""),
            retry_in=client.retry_in,
        )


@asynccontextmanager
async def open_feeds(
    given: IdOptions,
    journal: JournalOption,
    connection: ManyPanels,
    *,
    intervals: Mapping[str, Any],
    follow: bool,
) -> "AsyncGenerator[list[Feed]]":
    """What is watched at each panel, for the block.

    Raises:
        UsageError: the options do not go together, or ids or a journal cannot be read.
        ConfigurationError: an option is out of range.
    """
    ids = await _ids(given, journal, connection, follow=follow)
    async with AsyncExitStack() as stack:
        if ids is not None:
            (panel,) = connection.each
            yield [await _of_ids(stack, panel, ids, intervals)]
        else:
            settings = {**intervals, "follow": follow}
            yield await _of_journals(stack, connection.each, journal, settings)


async def _ids(
    given: IdOptions, journal: JournalOption, connection: ManyPanels, *, follow: bool
) -> list[Id] | None:
    """The ids that were given; None if those of a journal are watched."""
    if not given.ids and given.file is None:
        return None
    if journal.journal or follow:
        raise UsageError("pass ids, or watch a journal with --journal and --follow; not both")
    if len(connection.each) > 1:
        raise UsageError("ids belong to one panel: pass at most one --profile with them")
    ids = await open_ids(given, ORDER_COLUMNS, whole=True).held()
    return [id async for id in ids.stream()]  # noqa: A001 - the protocol's own word


async def _of_ids(
    stack: AsyncExitStack, panel: PanelOptions, ids: Sequence[Id], intervals: Mapping[str, Any]
) -> Feed:
    client = await stack.enter_async_context(panel.client())
    watcher = await stack.enter_async_context(client.watcher(**intervals))
    watcher.add(*ids)

    def told(change: Change[OrderStatus]) -> None:
        if change.is_final:
            watcher.discard(change.id)

    return Feed(panel, client, watcher, told)


async def _of_journals(
    stack: AsyncExitStack, panels: Sequence[PanelOptions], option: JournalOption, settings: Mapping[str, Any]
) -> list[Feed]:
    """The orders that were placed at each panel.

    Raises:
        UsageError: there are none at any panel, and none are waited for.
    """
    journals, feeds, missing = _Journals(stack), list[Feed](), list[str]()
    for panel in panels:
        its = panel.journal_of(option)
        is_own = its is not option  # a path of the configuration, to which orders are placed later
        journal = await journals.of(its, make=settings["follow"] and is_own)
        client = await stack.enter_async_context(panel.client())
        watcher = await stack.enter_async_context(journal.watcher(client, **settings))
        feeds.append(Feed(panel, client, watcher, watcher.told))
        try:
            await check_placed(journal, journal.panel_of(client), panel.panel_name, its.shown)
        except UsageError as none:
            missing.append(str(none))
    if not settings["follow"]:
        if len(missing) == len(feeds):
            raise UsageError("\n".join(dict.fromkeys(missing)))
        for reason in missing:
            tell(reason)
    return feeds


class _Journals:
    """The journals, each opened once."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._opened: dict[str, Journal] = {}

    async def of(self, option: JournalOption, *, make: bool) -> "Journal":
        """The journal of an option; `make` creates its file if there is none."""
        if option.name not in self._opened:
            self._opened[option.name] = await self._stack.enter_async_context(option.open(make=make))
        return self._opened[option.name]
