"""The command `agencia` and its subcommands."""

from typing import Annotated

import typer

from agencia_async import __version__
from agencia_async.cli.commands.account import balance
from agencia_async.cli.commands.add import add
from agencia_async.cli.commands.demo import demo
from agencia_async.cli.commands.doctor import doctor
from agencia_async.cli.commands.journal import journal
from agencia_async.cli.commands.place import place
from agencia_async.cli.commands.profiles import profiles
from agencia_async.cli.commands.refill_cancel import cancel, refill
from agencia_async.cli.commands.sandbox import sandbox
from agencia_async.cli.commands.services import services
from agencia_async.cli.commands.status import refill_status, status
from agencia_async.cli.commands.watch import watch
from agencia_async.cli.exit import CODES
from agencia_async.cli.help import Command, Group, documented
from agencia_async.cli.options import flat

app: typer.Typer = typer.Typer(
    name="agencia",
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # they would show local variables
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=CODES,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"agencia {__version__}")
        raise typer.Exit


def agencia(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Orders and refills at an SMM panel, in bulk, from the command line.

    The API key is read from AGENCIA_API_KEY, from the file named by AGENCIA_API_KEY_FILE or --key-file, or
    from a profile. Data is written to stdout, everything else to stderr. No account? Try: agencia demo

    Examples:
      agencia status 23501 23502
      agencia place orders.csv --journal orders.db --dry-run
      agencia COMMAND --help
    """


app.callback(help=documented(agencia))(agencia)

for _command in (
    status,
    refill,
    refill_status,
    cancel,
    add,
    place,
    watch,
    balance,
    services,
    profiles,
    doctor,
    sandbox,
    demo,
):
    app.command(cls=Command, help=documented(_command), epilog=CODES)(flat(_command))
app.add_typer(journal, name="journal")
