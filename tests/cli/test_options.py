import asyncio
import inspect
import logging
import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, get_args

import pytest
import trustme
import typer

from agencia_async import RateLimit
from agencia_async.cli.app import app
from agencia_async.cli.commands.journal import journal
from agencia_async.cli.options import OutputOptions, flat, price
from agencia_async.cli.panel_options import PanelOptions, parse_rate_limit

from .conftest import Agencia, WatchedPanel


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("60/min", RateLimit(60, per=60)),
        ("60/60", RateLimit(60, per=60)),
        ("2/s", RateLimit(2, per=1)),
        ("1.5/sec", RateLimit(1.5, per=1)),
        ("100/hour", RateLimit(100, per=3600)),
        ("10/30s", RateLimit(10, per=30)),
        (" 3/2 Minutes", RateLimit(3, per=120)),
    ],
)
def test_rates(text: str, limit: RateLimit) -> None:
    assert parse_rate_limit(text) == limit


@pytest.mark.parametrize("text", ["", "60", "60/", "/min", "x/min", "60/fortnight", "0/min", "-1/s", "1/0"])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse_rate_limit(text)


def test_prices() -> None:
    assert price("0.90") == Decimal("0.90")
    for text in ("x", "", "NaN", "Infinity"):
        with pytest.raises(typer.BadParameter, match="is not a valid price"):
            price(text)


def test_a_bad_option_is_a_usage_error(panel: WatchedPanel, agencia: Agencia) -> None:
    for options in (["--rate-limit", "5"], ["--concurrency", "0"], ["--format", "xml"], ["--no-such"]):
        assert agencia("balance", *options).code == 2
    assert panel.received == 0


TWICE = [
    "balance --profile a --profile b",
    "place o.csv --profile a --profile b --yes",
    "place o.csv --journal a.db -j b.db --yes",
    "place o.csv --max-total 5 --max-total 5000",
    "add 1 --key-file a --key-file b",
    "add 1 --base-url https://a.example --base-url https://b.example",
    "add 1 --quantity 100 --quantity 10000",
    "cancel 1 --file a -f b --yes",
    "status 1 --profile=a --profile=b",
    "watch 1 --until any --until all",
    "journal list --journal a.db --journal b.db",
]


@pytest.mark.parametrize("line", TWICE)
def test_an_option_with_one_value_is_never_given_twice(
    panel: WatchedPanel, agencia: Agencia, here: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    (here / "o.csv").write_text("reference,service,link,quantity\nA,1,x,50\n")
    done = agencia(*line.split())
    assert (done.code, done.out, panel.received) == (2, "", 0)
    assert "can be given only once" in done.err
    assert ("only agencia watch takes" in done.err) is ("--profile" in line)


def test_an_option_and_its_old_name(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("balance", "--rate", "60/min", "--rate-limit", "1/s")
    assert (done.code, panel.received) == (2, 0)
    assert "pass either --rate-limit or --rate, its old name" in done.err
    assert agencia("balance", "--rate", "60/min").code == 0


@pytest.mark.parametrize("line", TWICE)
def test_help_is_shown_all_the_same(agencia: Agencia, line: str) -> None:
    done = agencia(*line.split(), "--help")
    assert (done.code, done.err) == (0, "")
    assert "Usage: " in done.out


def test_options_that_can_be_repeated(panel: WatchedPanel, agencia: Agencia) -> None:
    assert agencia("status", 23501, "--state", "partial", "--state", "pending", "--quiet", "-q").code == 1
    assert agencia("balance", "-v", "-v").code == 0
    assert panel.received == 2


def test_a_setting_out_of_range(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("balance", "--timeout", 0)
    assert (done.code, done.err) == (2, "agencia: timeout must be a number of seconds > 0, got 0.0\n")
    assert panel.received == 0


def test_the_fast_engine(panel: WatchedPanel, agencia: Agencia, monkeypatch: pytest.MonkeyPatch) -> None:
    assert agencia("balance", "--fast").code == 0
    assert panel.received == 1
    monkeypatch.delitem(sys.modules, "agencia_async._transport.aiohttp_engine")
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    done = agencia("balance", "--fast")
    assert (done.code, panel.received) == (2, 1)
    assert 'in a clone, pip install ".[fast]" brings it' in done.err


def test_no_key(panel: WatchedPanel, agencia: Agencia, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGENCIA_API_KEY")
    done = agencia("balance")
    assert (done.code, done.out, panel.received) == (2, "", 0)
    assert done.err.startswith("agencia: no API key: set AGENCIA_API_KEY, or AGENCIA_API_KEY_FILE")


def test_the_key_from_files(
    panel: WatchedPanel, agencia: Agencia, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text(f"\ufeff{panel.key}\n", encoding="utf-8")
    bad.write_text("wrong")
    monkeypatch.setenv("AGENCIA_API_KEY", "wrong")
    assert agencia("balance").code == 3
    assert agencia("balance", "--key-file", good).code == 0
    monkeypatch.delenv("AGENCIA_API_KEY")
    good.write_text(panel.key)
    monkeypatch.setenv("AGENCIA_API_KEY_FILE", str(good))
    assert agencia("balance").code == 0
    assert agencia("balance", "--key-file", bad).code == 3


def test_a_key_file_that_cannot_be_read(agencia: Agencia, tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    assert "cannot read the API key from" in agencia("balance", "--key-file", tmp_path / "no").err
    done = agencia("balance", "--key-file", binary)
    assert (done.code, done.err) == (
        2,
        f"agencia: cannot read the API key from {str(binary)!r}: not UTF-8 text\n",
    )


def test_the_address(panel: WatchedPanel, agencia: Agencia, monkeypatch: pytest.MonkeyPatch) -> None:
    url = panel.url
    monkeypatch.setenv("AGENCIA_BASE_URL", "http://127.0.0.1:1/")
    assert agencia("balance", "--base-url", url).code == 0
    done = agencia("balance", "--attempts", 1)
    assert (done.code, len(done.err.splitlines())) == (3, 2)
    done = agencia("balance", "--base-url", "http://panel.example/")
    assert done.code == 2
    assert "hint: on the command line: --allow-http" in done.err
    monkeypatch.delenv("AGENCIA_BASE_URL")
    assert "agenciapopular.com" in repr(asyncio.run(_opened(PanelOptions())))


async def _opened(connection: PanelOptions) -> object:
    async with connection.client() as client:
        return client


def test_verbose_tells_of_each_repetition(panel: WatchedPanel, agencia: Agencia) -> None:
    panel.faults.script("server_error")
    log = logging.getLogger("agencia_async")
    before = (list(log.handlers), log.level)
    done = agencia("balance", "--verbose", "--rate-limit", "1000/s")
    assert done.code == 0
    assert "balance: attempt 1 failed, retrying in" in done.err
    assert panel.key not in done.err
    assert (list(log.handlers), log.level) == before
    assert panel.received == 2


def test_flat_puts_the_fields_in_the_place_of_a_group() -> None:
    got = []

    def command(output: OutputOptions, name: Annotated[str, typer.Argument()] = "x") -> None:
        got.append((output, name))

    flattened = flat(command)
    assert list(inspect.signature(flattened).parameters) == ["name", "format", "output", "quiet", "safe_csv"]
    flattened(name="a", format=None, output=None, quiet=True, safe_csv=False)
    assert got == [(OutputOptions(quiet=True), "a")]


COMMANDS = [*app.registered_commands, *journal.registered_commands]


def test_all_commands_and_options_have_a_help_text() -> None:
    assert len(COMMANDS) == 20
    for command in COMMANDS:
        assert command.callback
        assert inspect.getdoc(command.callback)
        for parameter in inspect.signature(command.callback).parameters.values():
            assert get_args(parameter.annotation)[1].help, (command.callback, parameter.name)


@pytest.mark.parametrize("command", [("balance",), ("services",), ("status", 1), ("cancel", 1)])
def test_the_output_never_overwrites_what_is_read(
    panel: WatchedPanel,
    agencia: Agencia,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[object, ...],
) -> None:
    for name in ("key", "ca", "j.db"):
        (here / name).write_text(panel.key)
    (here / "link").symlink_to("key")
    (here / "hard").hardlink_to("key")
    monkeypatch.setenv("AGENCIA_JOURNAL", f"sqlite:///{here}/j.db")

    def refused(output: str, what: str, *more: object) -> None:
        done = agencia(*command, "-o", output, *more)
        assert (done.code, done.out, panel.received) == (2, "", 0)
        assert done.err == f"agencia: --output would overwrite the {what}: {Path(output)}\n"

    for output in ("key", "./key", "link", "hard"):
        refused(output, "API key", "--key-file", "key")
    refused("ca", "certificates", "--ca-file", "ca")
    refused("j.db", "journal")
    monkeypatch.delenv("AGENCIA_API_KEY")
    monkeypatch.setenv("AGENCIA_API_KEY_FILE", str(here / "key"))
    refused("key", "API key")
    done = agencia("journal", "list", "-o", "key")
    assert (done.code, done.err) == (2, "agencia: --output would overwrite the API key: key\n")
    assert (here / "key").read_text() == panel.key


@pytest.mark.parametrize(
    "command",
    [
        ("balance",),
        ("services",),
        ("status", 1, 2),
        ("refill", 1),
        ("refill-status", 1),
        ("cancel", 1, 2, "--yes"),
        ("add", 1, "--link", "x", "--quantity", 50, "--yes"),
        ("place", "o.csv", "--journal", "j.db", "--yes"),
    ],
)
def test_a_panel_that_cannot_be_reached(
    panel: WatchedPanel, agencia: Agencia, here: Path, command: tuple[object, ...]
) -> None:
    (here / "o.csv").write_text("reference,service,link,quantity\nA,1,x,50\n")
    done = agencia(*command, "--base-url", "http://127.0.0.1:9/", "--attempts", 1)
    assert (done.code, panel.received) == (3, 0)
    assert "127.0.0.1" in done.err


def test_a_panel_that_cannot_be_reached_any_more(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    (here / "o.csv").write_text("reference,service,link,quantity\nA,1,x,50\n")
    panel.faults.actions = {"add"}
    panel.faults.script("drop_after")
    assert agencia("place", "o.csv", "--journal", "k.db", "--yes").code == 4
    panel.faults.actions = None
    panel.faults.reset_before = 1.0
    assert agencia("journal", "reconcile", "--journal", "k.db", "--attempts", 1).code == 3


def test_a_proxy(panel: WatchedPanel, agencia: Agencia) -> None:
    for more in ((), ("--fast",)):
        done = agencia("balance", "--proxy", "http://127.0.0.1:9/", "--attempts", 1, *more)
        assert (done.code, panel.received) == (3, 0)
        assert agencia("balance", "--proxy", "nonsense", *more).code == 2


def test_certificates_of_ones_own(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(here / "ca.pem"))
    for more in ((), ("--fast",)):
        assert agencia("balance", "--ca-file", "ca.pem", *more).code == 0
    (here / "not.pem").write_text("nothing")
    for name, reason in (("not.pem", "no certificates in PEM format"), ("none", "No such file or directory")):
        done = agencia("balance", "--ca-file", name)
        assert (done.code, panel.received) == (2, 2)
        assert done.err == f"agencia: cannot read the certificates from {name!r}: {reason}\n"


def test_the_panel_in_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGENCIA_BASE_URL", raising=False)
    assert PanelOptions().panel_name == "agenciapopular.com"
    assert PanelOptions(base_url="https://user:x@a.example:8443/v2").panel_name == "a.example:8443"
    assert PanelOptions(base_url="nonsense").panel_name == "nonsense"
