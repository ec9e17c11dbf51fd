"""The command `agencia`: its subcommands and what all of them share."""

from importlib.metadata import version
from typing import Annotated

import typer

from agencia_async.cli.commands.account import balance, services
from agencia_async.cli.commands.add import add
from agencia_async.cli.commands.bulk import cancel, refill, refill_status, status
from agencia_async.cli.commands.demo import demo
from agencia_async.cli.commands.journal import journal
from agencia_async.cli.commands.place import place
from agencia_async.cli.commands.sandbox import sandbox
from agencia_async.cli.exit import CODES
from agencia_async.cli.options import flat

app = typer.Typer(
    name="agencia",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # they show local variables
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=CODES,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"agencia {version('agencia-async')}")
        raise typer.Exit


@app.callback()
def agencia(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Orders and refills at an SMM panel, in bulk, from a terminal.

    The key comes from AGENCIA_API_KEY, from a file that AGENCIA_API_KEY_FILE names, or from --key-file.
    Data goes to standard output, all else to standard error. No account? Begin with: agencia demo
    """


for command in (status, refill, refill_status, cancel, add, place, balance, services, sandbox, demo):
    app.command(epilog=CODES)(flat(command))
app.add_typer(journal, name="journal")
