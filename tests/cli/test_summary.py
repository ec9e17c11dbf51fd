import io

import pytest
from rich.console import Console

from agencia_async import AuthenticationError, NotFoundError, PanelError
from agencia_async.cli.output.summary import Tally, print_summary


class _Ascii(io.StringIO):
    encoding = "ascii"


def printed(tally: Tally, *, file: io.StringIO | None = None, seconds: float = 2.0) -> list[str]:
    file = file or io.StringIO()
    print_summary(tally, Console(file=file, width=80), requests=3, seconds=seconds)
    return file.getvalue().splitlines()


def test_states_failures_and_the_whole() -> None:
    tally = Tally()
    for _ in range(750):
        tally.succeed("Completed")
    for _ in range(240):
        tally.succeed("In progress")
    for _ in range(10):
        tally.fail(NotFoundError("Incorrect\norder ID"))
    assert printed(tally) == [
        f"Completed    {'█' * 30}{' ' * 10}    750   75.0%",
        f"In progress  {'█' * 10}{' ' * 30}    240   24.0%",
        f"error        █{' ' * 39}     10    1.0%",
        "10 x NotFoundError: Incorrect order ID",
        "1,000 ids in 3 requests, 2.00 s, 500 ids a second",
    ]
    assert (tally.done, tally.failed, tally.refused) == (1000, 10, False)


def test_without_a_unicode_terminal_and_without_time() -> None:
    tally = Tally()
    tally.succeed("Completed")
    assert printed(tally, file=_Ascii(), seconds=0.0) == [
        f"Completed  {'#' * 40}  1  100.0%",
        "1 id in 3 requests, 0.00 s",
    ]


def test_of_very_many_messages_only_some_are_kept() -> None:
    tally = Tally()
    for number in range(60):
        tally.fail(PanelError(f"fault {number}"))
    tally.fail(AuthenticationError("out"))
    assert tally.refused
    assert len(tally.failures) == 52
    lines = printed(tally)
    assert lines[1] == "10 x PanelError (other messages)"
    assert lines[6] == "47 x other errors"


def test_in_a_pipe_a_long_message_is_never_cut() -> None:
    tally = Tally()
    tally.fail(PanelError("x" * 200))
    assert printed(tally)[1] == f"1 x PanelError: {'x' * 200}"


def test_the_end_is_the_rate_if_nothing_else_is_said() -> None:
    def total(requests: int, end: str | None = None, seconds: float = 2.0) -> str:
        tally, file = Tally(), io.StringIO()
        for _ in range(8):
            tally.succeed("placed")
        print_summary(tally, Console(file=file), requests=requests, seconds=seconds, end=end)
        return file.getvalue().splitlines()[-1]

    assert total(0) == "8 ids in 0 requests, 2.00 s"
    assert total(2) == "8 ids in 2 requests, 2.00 s, 4 ids a second"
    assert total(2, seconds=8.0) == "8 ids in 2 requests, 8.00 s, 1 id a second"
    assert total(2, seconds=9.0) == "8 ids in 2 requests, 9.00 s"
    assert total(2, seconds=0.0) == "8 ids in 2 requests, 0.00 s"
    assert total(2, "spent: 5 USD") == "8 ids in 2 requests, 2.00 s, spent: 5 USD"


def test_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(Tally()) == ["0 ids in 3 requests, 2.00 s"]
    assert capsys.readouterr() == ("", "")
