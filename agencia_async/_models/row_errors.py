"""Which errors the row of one id reports, and not the reply as a whole."""

from agencia_async.errors import AgenciaError

_MARK = "of_row"


def mark_as_row(error: AgenciaError) -> None:
    """Note that the row of one id reports it; its copies know as well."""
    error.__dict__[_MARK] = True


def is_of_row(error: AgenciaError) -> bool:
    """Whether the row of one id reports it."""
    return _MARK in error.__dict__
