"""The command balance."""

from typing import Final

from agencia_async.cli.exit import Code, run
from agencia_async.cli.options import OutputOptions
from agencia_async.cli.output.rows import Column, Layout
from agencia_async.cli.panel_options import PanelOptions

_BALANCE: Final = Layout(("balance", "currency"), (Column("balance"), Column("currency")))


def balance(connection: PanelOptions, output: OutputOptions) -> None:
    """Show the balance of the account.

    CSV columns: balance, currency.

    Examples:
      agencia balance
      agencia balance --format json --key-file north.key
    """
    run(_balance(connection, output))


async def _balance(connection: PanelOptions, output: OutputOptions) -> Code:
    output.keep_off_inputs(connection)
    async with connection.client() as client:
        account = await client.balance()
    output.write(_BALANCE, [account.to_dict()])
    return Code.OK
