"""Writes to more than one order need confirmation; whatever is not confirmed is not sent."""

from pathlib import Path

import pytest

from .conftest import Agencia, WatchedPanel

pytestmark = pytest.mark.usefixtures("here")

ACTIONS = ("cancel", "refill")


@pytest.fixture
def ids(panel: WatchedPanel, here: Path) -> Path:
    file = here / "ids.csv"
    numbers = panel.seed_orders(3)
    file.write_text("# mine\n" + "".join(f"{one}\n" for one in [*numbers, numbers[0]]))
    return Path(file.name)


@pytest.mark.parametrize("action", ACTIONS)
def test_without_a_terminal_it_must_be_told_yes(
    panel: WatchedPanel, agencia: Agencia, ids: Path, action: str
) -> None:
    done = agencia(action, "--file", ids, input="y\n")
    assert (done.code, done.out, panel.received) == (2, "", 0)
    assert done.err == f"agencia: {action} 3 orders: pass --yes to confirm, as stdin is not a terminal\n"
    assert agencia(action, "--file", ids, "--yes").code in {0, 1}
    assert [len(request.ids) for request in panel.requests] == [3]


@pytest.mark.parametrize("action", ACTIONS)
def test_a_single_order_needs_no_confirmation(panel: WatchedPanel, agencia: Agencia, action: str) -> None:
    number = panel.seed_orders(1)[0]
    agencia(action, number)
    agencia(action, number, number)
    agencia(action, "-", input=f"{number}\n")
    assert panel.seen == [action] * 3


@pytest.mark.usefixtures("_on_a_terminal")
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(("answer", "count"), [("y\n", 1), ("n\n", 0), ("", 0)])
def test_on_a_terminal_it_asks(  # noqa: PLR0913, PLR0917 - fixtures and cases
    panel: WatchedPanel, agencia: Agencia, ids: Path, action: str, answer: str, count: int
) -> None:
    done = agencia(action, "--file", ids, input=answer)
    host = str(panel.url).split("/")[2]
    asked = f"{action.capitalize()} 3 orders from ids.csv at {host}? [y/N]: "
    assert done.err.startswith(f"1 # comment skipped\n{asked}")
    assert panel.received == count
    if not count:
        assert (done.code, done.out) == (1, "")
        assert done.err.endswith("nothing was sent\n")


@pytest.mark.usefixtures("_on_a_terminal")
@pytest.mark.parametrize("source", [("-",), ("--file", "-")])
def test_ids_from_stdin_leave_nobody_to_ask(
    panel: WatchedPanel, agencia: Agencia, source: tuple[str, ...]
) -> None:
    done = agencia("cancel", *source, input="1\n2\n")
    assert (done.code, panel.received) == (2, 0)
    assert done.err == "agencia: cancel 2 orders from stdin require --yes\n"


def test_a_stream_of_a_write_is_read_whole_before_anything_is_sent(
    panel: WatchedPanel, agencia: Agencia, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = "".join(f"{one}\n" for one in panel.seed_orders(300))
    done = agencia("cancel", "-", "--yes", input=f"{numbers}Total\n")
    assert (done.code, panel.received) == (2, 0)
    assert done.err == "agencia: stdin, line 301: id 'Total' is a total; --any-id takes ids as they are\n"
    monkeypatch.setattr("agencia_async.cli.input.ids._MOST_HELD", 299)
    done = agencia("cancel", "-", "--yes", input=numbers)
    assert (done.code, panel.received) == (2, 0)
    assert done.err == "agencia: stdin has more than 299 ids; pass them in a file\n"


def test_a_file_that_changes_while_it_is_read(
    panel: WatchedPanel, agencia: Agencia, ids: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first reading tells that all is well; of the second nothing else is sent."""
    ids.write_text("1\n2\n")

    def spoil(_: object, total: int) -> None:
        assert total == 2
        ids.write_text("1\n1.2E+05\n")

    monkeypatch.setattr("agencia_async.cli.input.id_check.IdCheck.check", spoil)
    done = agencia("cancel", "--file", ids, "--yes")
    assert (done.code, panel.received) == (2, 0)
    assert done.err == "agencia: ids.csv, line 2: id '1.2E+05': the file has changed since it was checked\n"
