"""The ids of the orders that were placed through a journal."""

from contextlib import aclosing
from typing import TYPE_CHECKING

from agencia_async.cli.commands.place_plan import is_at
from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.ids import EXACTLY_ONE, IdOptions, Ids, listed_ids
from agencia_async.cli.journal_option import JournalOption
from agencia_async.cli.panel_options import PanelOptions

if TYPE_CHECKING:
    from agencia_async.journal import Journal


async def journal_ids(option: JournalOption, given: IdOptions, connection: PanelOptions) -> Ids:
    """The ids of all orders that were placed at this panel, in the order in which they were recorded.

    Raises:
        UsageError: ids were given as well, there is no such journal, or nothing was placed at this panel.
        ConfigurationError: it is no journal, or a copy.
    """
    if given.ids or given.file:
        raise UsageError(EXACTLY_ONE)
    async with connection.client() as client, option.open() as journal:
        panel = journal.panel_of(client)
        await check_placed(journal, panel, connection.panel_name, option.shown)
        placed = [
            id
            async for entry in journal.entries("placed")
            if is_at(entry, panel)
            for id in entry.order_ids or (entry.order_id,)  # noqa: A001 - the protocol's own word
        ]
    ids = [id for id in dict.fromkeys(placed) if id is not None]  # noqa: A001
    return listed_ids(option.shown, ids)


async def check_placed(journal: "Journal", panel: str, panel_name: str, shown: str) -> None:
    """Check that an order was placed at a panel.

    Raises:
        UsageError: none was, so there is nothing to ask for.
    """
    elsewhere: dict[str, None] = {}
    async with aclosing(journal.entries("placed")) as entries:
        async for entry in entries:
            if is_at(entry, panel):
                return
            elsewhere[entry.panel] = None
    if elsewhere:
        raise UsageError(
            f"no order was placed at {panel_name} through {shown}, only at {', '.join(elsewhere)}"
        )
    if not [entry async for entry in journal.entries()]:
        raise UsageError(f"{shown} has no orders")
    raise UsageError(f"no order was placed at {panel_name} through {shown}")
