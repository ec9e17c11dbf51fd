"""Whatever a panel sends, nothing but printable text reaches a terminal, a question, a message or a log."""

import csv
import io
import json
import logging
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from agencia_async import Balance, Catalogue, ConfigurationError, DefaultOrder, PanelError, Service
from agencia_async.cli.commands import place_preview
from agencia_async.cli.commands.place_plan import Plan
from agencia_async.cli.exit import Code, describe, print_id
from agencia_async.cli.output.rows import Column, Format, Layout, Row, writer
from agencia_async.cli.output.summary import Tally, print_summary
from agencia_async.cli.stderr import at_level, logged, tell
from agencia_async.cli.text import MOST_SHOWN, one_line, printable, shown
from agencia_async.sandbox.faults import Answer
from agencia_async.sandbox.reply import document

from .conftest import Agencia, WatchedPanel

ESCAPES = [
    "[2J",
    "[H",
    "[31;1m",
    "[1A\x1b[2K",
    "]0;t\x07",
    "]8;;a.b\x1b\\x",
    "]52;c;eA==\x07",
    "P$q\x1b\\",
    "c",
]
LETTERS = [
    *map(chr, (0, 7, 8, 9, 10, 11, 12, 13, 14, 0x1B, 0x1C, 0x1F, 0x7F, 0x80, 0x85, 0x9B, 0x9D, 0xAD)),
    *"\u061c\u115f\u1160\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202d\u202e\u2060\u2066\u2067",
    *"\u2069\u206f\u2800\u3164\ufe0f\ufeff\uffa0\ufff9\ufffc\ue000\U000e0001\U000e0041\U000e0100\U0001d173",
]  # fmt: skip
PAYLOADS = [
    *(f"a\x1b{escape}b" for escape in ESCAPES),
    *(f"Com{letter}pleted" for letter in LETTERS),
    "\x9b2J",
    "x\r\n23501,true,Completed",
    "ok\nPlace it? [y/N]: y\n",
    "[bold red]not[/] [link=https://a.b]x[/link]",
    "a" + "\u0301" * 500,
    "long" * 5_000,
    "=HYPERLINK(1)",
    "',\"\n#",
]
HIDDEN = {*"\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc\U0001d159"}


def check(text: str) -> None:
    """Only printable, visible text in lines of a bounded length."""
    for line in text.split("\n"):
        bad = [letter for letter in line if not letter.isprintable() or letter in HIDDEN]
        assert not bad, (bad, line[:200])
        assert not re.search("[\ufe00-\ufe0f\U000e0100-\U000e01ef]", line)
        marks = "".join("m" if unicodedata.category(letter) in {"Mn", "Me"} else " " for letter in line)
        assert "mmmm" not in marks
        assert len(line) < 30 * MOST_SHOWN


def test_there_are_enough_payloads() -> None:
    assert len(set(PAYLOADS)) >= 60


@pytest.mark.parametrize("payload", PAYLOADS, ids=ascii)
def test_one_place_makes_text_printable(payload: str) -> None:
    for text in (one_line(payload), printable(payload), str(shown([{payload: (payload, 5)}]))):
        assert text
        check(text)
        assert len(text) <= 3 * MOST_SHOWN
    assert one_line("Türkçe 日本語 العربية 👍 é", 99) == "Türkçe 日本語 العربية 👍 é"


def test_all_that_is_not_printable_is_replaced() -> None:
    everything = [chr(code) for code in range(0x110000)]
    for start in range(0, len(everything), 400):
        text = printable("".join(everything[start : start + 400]))
        assert all(letter.isprintable() and letter not in HIDDEN for letter in text)


FIELDS = ("id", "status", "charge", "orders", "extra", "error", "error_type")


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("field", FIELDS)
def test_rows_on_a_terminal(form: Format, field: str) -> None:
    values: dict[str, object] = {"id": 1, "status": "x", "charge": Decimal(1), "orders": (1,), "extra": {}}
    layout = Layout(FIELDS, tuple(Column(name, name, 4) for name in FIELDS[:4]), ("extra",))
    screen = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=80)
    with writer(form, layout, terminal=screen, widths={"id": 10**6}) as rows:
        for payload in PAYLOADS:
            foreign: object = payload
            if field == "extra":
                foreign = {payload: [payload, {"x": payload}]}
            elif field == "orders":
                foreign = (payload, 5)
            row: Row = dict.fromkeys(FIELDS) | values | {field: foreign}
            rows.row(row)
    assert isinstance(screen.file, io.StringIO)
    text = screen.file.getvalue()
    check(text)
    assert len(text.splitlines()) >= len(PAYLOADS)
    if form is Format.JSONL:
        assert all(isinstance(json.loads(line), dict) for line in text.splitlines())


@pytest.mark.parametrize("payload", PAYLOADS, ids=ascii)
def test_messages_questions_logs_and_summaries(payload: str, capsys: pytest.CaptureFixture[str]) -> None:
    account = Balance(balance=Decimal(5), currency=payload)
    catalogue = Catalogue([Service(service=1, name=payload, type=payload, category=payload, rate=Decimal(1))])
    plan = Plan({payload: DefaultOrder(service=1, link="x", quantity=5)}, costs={payload: Decimal(9)})
    tell(payload)
    tell(place_preview.question(plan, account, "host"), end="")
    for line in (
        *place_preview.services(plan, catalogue, account, "host"),
        *place_preview.costs(plan, account, skip_invalid=False),
        *describe(PanelError(payload))[:2],
        *describe(ConfigurationError(payload))[:2],
    ):
        tell(str(line))
    log = logging.getLogger("agencia_async")
    with logged():
        log.warning("the panel sent %s", payload)
        with at_level(logging.DEBUG):
            log.debug("the panel sent %s", payload)
    tally = Tally()
    tally.fail(PanelError(payload))
    screen = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=80)
    print_summary(tally, screen, requests=1, seconds=1)
    assert isinstance(screen.file, io.StringIO)
    check(screen.file.getvalue())
    err = capsys.readouterr().err
    check(err)
    assert len(err.splitlines()) <= 14


class Hostile:
    """Answers with a payload in every field that is text."""

    def __init__(self, payloads: list[str]) -> None:
        self._payloads = payloads

    def __call__(self, form: Mapping[str, str]) -> Answer:
        reply: object
        match form["action"]:
            case "balance":
                reply = {"balance": "5", "currency": self._payloads[0], self._payloads[0]: self._payloads[0]}
            case "services":
                reply = [self._service(number, payload) for number, payload in enumerate(self._payloads, 1)]
            case _:
                reply = {
                    order: {"status": payload, "charge": "1", "currency": payload, payload: payload}
                    if number % 2
                    else {"error": payload}
                    for number, (order, payload) in enumerate(
                        zip(form["orders"].split(","), self._payloads, strict=False)
                    )
                }
        return Answer(document(reply))

    @staticmethod
    def _service(number: int, payload: str) -> dict[str, object]:
        text = {"name": payload, "type": payload, "category": payload, payload: payload}
        return {"service": number, "rate": "1", "min": 1, "max": 9, **text}


@pytest.fixture
def hostile(panel: WatchedPanel, monkeypatch: pytest.MonkeyPatch) -> WatchedPanel:
    monkeypatch.setattr(panel, "answer", Hostile(PAYLOADS))
    return panel


IDS = [str(number) for number in range(1, len(PAYLOADS) + 1)]


@pytest.mark.usefixtures("hostile", "on_a_screen")
@pytest.mark.parametrize("form", Format)
def test_commands_on_a_terminal(agencia: Agencia, form: Format) -> None:
    for command in (["status", *IDS], ["services"], ["balance"]):
        done = agencia(*command, "--format", form, "-v")
        assert done.code in {0, 1}
        check(done.out)
        check(done.err)


@pytest.mark.usefixtures("hostile", "here")
def test_what_a_panel_sent_is_read_back_whole(agencia: Agencia) -> None:
    done = agencia("status", *IDS, "-o", "all.csv")
    assert done.code == 1
    with Path("all.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == IDS
    assert [row["status"] for row in rows[1::2]] == PAYLOADS[1::2]  # as it was sent
    assert [row["currency"] for row in rows[1::2]] == PAYLOADS[1::2]
    assert all(row["error"] for row in rows[::2])
    again = agencia("status", "--file", "all.csv", "-o", "again.csv")
    assert f"{len(IDS)} ids in 1 request" in again.err
    assert Path("again.csv").read_bytes() == Path("all.csv").read_bytes()


@pytest.mark.usefixtures("hostile", "here")
def test_formulas_are_disarmed_on_demand(agencia: Agencia) -> None:
    def names(*options: str) -> list[str]:
        assert agencia("services", "-o", "services.csv", *options).code == 0
        with Path("services.csv").open(encoding="utf-8", newline="") as file:
            return [row["name"] for row in csv.DictReader(file)]

    assert names() == PAYLOADS
    assert names("--safe-csv") == [
        f"'{payload}" if payload.startswith("=") else payload for payload in PAYLOADS
    ]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", " =1", "\t=1", "\rx", "＝1", "|x", "%x"])
def test_what_a_spreadsheet_takes_for_a_formula(text: str, tmp_path: Path) -> None:
    row: Row = {"a": text, "b": Decimal(-1), "c": -5, "d": ""}
    with writer(Format.CSV, Layout(("a", "b", "c", "d"), ()), file=tmp_path / "x", safe_csv=True) as rows:
        rows.row(row)
    with (tmp_path / "x").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1] == [f"'{text}", "-1", "-5", ""]


@pytest.mark.parametrize("is_screen", [True, False])
def test_the_id_of_an_order(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, is_screen: bool
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_screen)
    assert print_id("23\x1b[2J") is Code.OK
    assert capsys.readouterr().out == ("23?[2J\n" if is_screen else "23\x1b[2J\n")
