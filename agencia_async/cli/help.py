"""The command line as users expect it: help without types of Python, and no option that silently wins."""

import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

_EXAMPLES: Final = "Examples:"
_SEVERAL: Final = {
    "profile": "; only agencia watch takes several profiles, and agencia profiles shows the balance of each"
}
"""What is said beside an option that was given twice, where another command does what was meant."""


def flowing(text: str) -> str:
    """A docstring with each paragraph on one line, so that it flows; examples keep their lines."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        paragraph if paragraph.startswith(_EXAMPLES) else " ".join(paragraph.split())
        for paragraph in paragraphs
    )


def documented(command: Callable[..., None]) -> str:
    """The help of a command, from its docstring."""
    return flowing(command.__doc__ or "")


class Command(TyperCommand):
    """A command whose help is the same with all versions of typer.

    The newest ones show the type of each argument and flag as Python spells it (`<bool>`, `<list[str]>`), and
    add the dots of a repeated argument themselves.
    """

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - the context of click, which typer has its own copy of
        """Its parameters, as help and parser take them."""
        return plain(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - as above
        """Parse the arguments.

        Raises:
            BadParameter: an option with a single value is given more than once, or by two names. The last one
                would win: an order could be sent to another panel, or be recorded in another journal, than
                was meant.
        """
        if not ctx.resilient_parsing:  # that is completion
            _, _, given = self.make_parser(ctx).parse_args(args=[*args])
            _check_given_once(ctx, given)
        return super().parse_args(ctx, args)


def _check_given_once(ctx: Any, given: Sequence[Any]) -> None:  # noqa: ANN401 - as above
    options = [parameter for parameter in given if parameter.param_type_name == "option"]
    names = {parameter.name for parameter in options}
    if "help" in names:
        return
    for parameter, times in Counter(options).items():
        if times > 1 and not (parameter.multiple or parameter.is_flag or parameter.count):
            more = _SEVERAL.get(parameter.name, "")
            raise typer.BadParameter(f"the option can be given only once{more}", ctx=ctx, param=parameter)
    if {"rate", "rate_limit"} <= names:
        raise typer.BadParameter("pass either --rate-limit or --rate, its old name", ctx=ctx)


class JournalCommand(Command):
    """A command that takes its journal by `--journal`, and says so to who passes it as an argument."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - as above
        """Parse the arguments.

        Raises:
            UsageError: click's own, of which some versions of typer have a copy.
        """
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            message = str(getattr(error, "message", ""))
            if "unexpected extra argument" in message:
                vars(error)["message"] = f"{message}. A journal is named with --journal FILE"
            raise


class Group(TyperGroup):
    """A group of commands, in the same way."""

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - as above
        """Its parameters, as help and parser take them."""
        return plain(super().get_params(ctx))


def _no_type(ctx: object) -> None:
    """What some versions of typer show as the type of an argument."""


def plain(parameters: Sequence[Any]) -> list[Any]:
    """Parameters without the types that some versions of typer would show."""
    for parameter in parameters:
        if parameter.param_type_name == "argument":
            vars(parameter)["display_type_rich"] = _no_type
            if hasattr(parameter, "display_name_raw"):
                parameter.metavar = (parameter.metavar or "").removesuffix("...") or None
        elif (parameter.is_flag or parameter.count) and parameter.metavar is None:
            parameter.metavar = ""
    return [*parameters]
