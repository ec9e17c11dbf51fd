"""Each dialect against `dialects.txt`, which has every reply of one scene, byte by byte.

A section of that file has the replies that differ from the document's; all the others must not.
"""

import ast
import json
from dataclasses import FrozenInstanceError, replace
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

import agencia_async.sandbox.catalogue as shop
from agencia_async.sandbox import DIALECTS, Panel
from agencia_async.sandbox.dialect_parts import FIRST_STRANGER, SILENT_AFTER, TRUNCATED_AT, with_numbers
from agencia_async.sandbox.dialects import NAMES
from agencia_async.sandbox.faults import FAULTS
from agencia_async.sandbox.ids import Id
from agencia_async.sandbox.reply import PanelReply
from agencia_async.sandbox.translations import KEYS, SPANISH, TURKISH, translated

from .scene import LINK, Clock, form, joined

HERE = Path(__file__).parent
FUNDS = Decimal(5)
FOLLOWERS = {"service": 1, "link": LINK, "quantity": 1000}
BATCHES = [("status", "orders"), ("refill", "orders"), ("refill_status", "refills"), ("cancel", "orders")]


@pytest.fixture(autouse=True)
def _small_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """The panels of these tests sell two services: Followers and, as number 16, a subscription."""
    whole = shop.catalogue

    def few(random: Random) -> tuple[shop.ListedService, ...]:
        services = whole(random)
        return services[0], services[15]

    monkeypatch.setattr("agencia_async.sandbox.panel.catalogue", few)


def panel_of(dialect: str, clock: Clock | None = None, balance: Decimal = FUNDS) -> Panel:
    return Panel(
        clock=clock or Clock(), pending=(5.0, 5.0), progress=(20.0, 20.0), balance=balance, dialect=dialect
    )


def scene(dialect: str) -> tuple[Panel, dict[str, PanelReply]]:
    """All actions in turn, and what each is told: 23501 and 23502 are completed, 23503 is new."""
    clock = Clock()
    panel = panel_of(dialect, clock)
    told: dict[str, PanelReply] = {}

    def ask(name: str, action: str, **fields: object) -> None:
        told[name] = panel.handle(form(action, **fields))

    ask("add", "add", **FOLLOWERS)
    ask("add", "add", **FOLLOWERS)
    clock.now += 25
    ask("services", "services")
    ask("add", "add", **FOLLOWERS)
    ask("add, refused", "add", **FOLLOWERS | {"quantity": 7})
    ask("add, without funds", "add", **FOLLOWERS | {"quantity": 9000})
    ask("balance", "balance")
    ask("status", "status", order=23501)
    ask("status, refused", "status", order=7)
    ask("status of three", "status", orders="23501,23503,7")
    ask("status of one", "status", orders=23501)
    ask("status of nothing", "status", orders=7)
    ask("refill", "refill", order=23501)
    ask("refill, refused", "refill", order=23501)
    ask("refill of three", "refill", orders="23502,23501,7")
    ask("refill of nothing", "refill", orders=7)
    ask("refill_status", "refill_status", refill=1)
    ask("refill_status, refused", "refill_status", refill=9)
    ask("refill_status of two", "refill_status", refills="1,9")
    ask("refill_status of one", "refill_status", refills=1)
    ask("refill_status of nothing", "refill_status", refills=9)
    ask("cancel of three", "cancel", orders="23503,23501,7")
    ask("cancel of nothing", "cancel", orders=7)
    ask("cancel, refused", "cancel")
    told["key, refused"] = panel.handle({"key": "another", "action": "balance"})
    clock.now += 5
    ask("status, canceled", "status", order=23503)
    ask("add, drip-feed", "add", service=1, link=LINK, quantity=50, runs=2, interval=1)
    ask("status, drip-feed", "status", order=23504)
    ask("add, subscription", "add", service=16, username="ann", min=20, max=30, delay=0, old_posts=1)
    ask("status, subscription", "status", order=23507)
    ask("cancel of one", "cancel", orders=23507)
    return panel, told


def sections() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in (HERE / "dialects.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            lines = found.setdefault(line.strip("[]"), {})
        elif line:
            name, _, reply = line.partition(": ")
            lines[name] = reply
    return found


TOLD = sections()
ON_A_LINE = [name for name in NAMES if name not in {"pretty", "notices"}]


@pytest.mark.parametrize("name", ON_A_LINE)
def test_a_dialect_speaks_as_it_is_written_down(name: str) -> None:
    _, told = scene(name)
    lines = {key: f"{reply.status} {reply.body.decode()}" for key, reply in told.items()}
    assert lines == TOLD["document"] | TOLD[name]
    content_type = b"text/html; charset=UTF-8" if name == "html" else b"application/json"
    assert {reply.headers for reply in told.values()} == {((b"content-type", content_type),)}


def test_what_is_written_down_differs_from_the_document() -> None:
    assert [*TOLD] == ON_A_LINE
    for name in NAMES[1:]:
        for key, line in TOLD.get(name, {}).items():
            assert line != TOLD["document"][key]


def test_pretty_is_the_document_indented_after_a_mark_and_called_html() -> None:
    _, told = scene("pretty")
    assert told["status"].headers == ((b"content-type", b"text/html; charset=UTF-8"),)
    assert told["refill of nothing"].body == (
        b"\xef\xbb\xbf[\n"
        b"    {\n"
        b'        "order": 7,\n'
        b'        "refill": {\n'
        b'            "error": "Incorrect order ID"\n'
        b"        }\n"
        b"    }\n"
        b"]"
    )
    for name, reply in told.items():
        documented = json.loads(TOLD["document"][name].removeprefix("200 "))
        assert reply.status == 200
        assert reply.body == b"\xef\xbb\xbf" + json.dumps(documented, indent=4).encode()


def test_notices_stand_around_the_document_which_is_called_html() -> None:
    _, told = scene("notices")
    assert told["status"].headers == ((b"content-type", b"text/html; charset=UTF-8"),)
    assert told["balance"].body == (
        b'<br />\n<b>Warning</b>:  Undefined array key "runs" in '
        b"<b>/var/www/html/app/controllers/api.php</b> on line <b>35</b><br />\n"
        b'{"balance":"2.30000","currency":"USD"}\n'
        b"<br />\n<b>Notice</b>:  Undefined variable: log in "
        b"<b>/var/www/html/app/controllers/api.php</b> on line <b>212</b><br />\n"
    )
    for name, reply in told.items():
        lines = reply.body.decode().split("\n")
        assert (reply.status, len(lines)) == (200, 6)
        assert f"200 {lines[2]}" == TOLD["document"][name]


@pytest.mark.parametrize("name", [name for name in NAMES if DIALECTS[name].has_batches])
def test_what_happens_is_the_same_in_every_dialect(name: str) -> None:
    (panel, _), (documented, _) = scene(name), scene("document")
    numbers = count(4001)
    assert panel.ledger == [
        replace(entry, result=next(numbers)) if (name, entry.action) == ("extended", "cancel") else entry
        for entry in documented.ledger
    ]
    assert [(entry.action, entry.order, entry.result) for entry in documented.ledger] == [
        *(("add", order, order) for order in (23501, 23502, 23503)),
        ("refill", 23501, 1),
        ("refill", 23502, 2),
        ("cancel", 23503, 1),
        ("add", 23504, 23504),
        ("add", 23507, 23507),
        ("cancel", 23507, 1),
    ]
    assert list(panel.requests) == list(documented.requests)
    assert panel.balance == documented.balance
    ordered = [entry.order for entry in panel.ledger if entry.action == "add"]
    assert panel.balance + sum(map(panel.charge, ordered)) == FUNDS
    assert [panel.expected_status(order) for order in ordered] == [
        documented.expected_status(order) for order in ordered
    ]


def test_dialects_are_named_and_described() -> None:
    assert tuple(DIALECTS) == NAMES
    assert NAMES[0] == "document"
    for name, dialect in DIALECTS.items():
        assert dialect.name == name
        assert dialect.describes.endswith(".")
        assert "  " not in dialect.describes
        assert panel_of(name).dialect == name
    assert Panel().dialect == "document"


def test_a_dialect_is_not_to_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        DIALECTS["plain"].name = "other"  # type: ignore[misc]


def test_an_unknown_dialect_is_an_error_that_lists_them() -> None:
    with pytest.raises(
        ValueError, match=r"dialect must be one of document, numbers, .*, keys, got 'klingon'$"
    ):
        panel_of("klingon")


# --- some dialects in particular


def test_numbers_keep_every_digit_and_leave_other_texts_alone() -> None:
    payload = {
        "charge": "0.08011655652",
        "rate": "1000000000000.00",
        "ids": ["7", "007", "1.", ".5", "-1", "", "1e5", "ord_01H"],
        "12": {"expiry": "1/2/2030", "said": ',"5",', "end": '"5'},
    }
    assert with_numbers(payload) == (
        b'{"charge":0.08011655652,"rate":1000000000000.00,'
        b'"ids":[7,"007","1.",".5","-1","","1e5","ord_01H"],'
        b'"12":{"expiry":"1/2/2030","said":",\\"5\\",","end":"\\"5"}}'
    )


def test_words_separate_thousands() -> None:
    panel = panel_of("words", balance=Decimal("1234567.50"))
    assert panel.handle(form("balance")).body == b'{"balance":"1,234,567.50","currency":"USD"}'


def test_a_stranger_is_nobody_who_was_asked_for() -> None:
    panel = panel_of("noisy")
    told = json.loads(panel.handle(form("cancel", orders=joined([FIRST_STRANGER, FIRST_STRANGER + 2]))).body)
    assert [row["order_id"] for row in told] == [" 900000002 ", " 900000003 ", " 900000001 "]
    told = json.loads(panel.handle(form("status", orders=f"x,{FIRST_STRANGER}")).body)
    assert list(told) == [" 900000002 ", " 900000001 ", " x "]


def numbers_told(panel: Panel, action: str, field: str, ids: list[Id]) -> list[int]:
    told: Any = json.loads(panel.handle(form(action, **{field: joined(ids)})).body)
    return [int(number) for number in told] if isinstance(told, dict) else [row[field[:-1]] for row in told]


@pytest.mark.parametrize(("action", "field"), BATCHES)
@pytest.mark.parametrize(
    ("name", "most"), [("truncating", TRUNCATED_AT), ("silent", SILENT_AFTER), ("silent", 100)]
)
@pytest.mark.parametrize("more", [0, 1, 210])
def test_a_panel_that_cuts_off_does_what_it_answers_and_no_more(
    name: str, most: int, action: str, field: str, more: int
) -> None:
    panel = panel_of(name)
    ids = panel.seed_orders(most + more)
    assert numbers_told(panel, action, field, ids) == ids[:most]
    assert bool(panel.ledger) == (action in {"refill", "cancel"})
    assert {entry.order for entry in panel.ledger} <= set(ids[:most])
    assert len(panel.requests[-1].ids) == most + more


@pytest.mark.parametrize(("action", "field"), BATCHES)
@pytest.mark.parametrize("culprit", ["x", "", "ord_01H", "-1", "1.5", "²", "٣"])
def test_one_id_spoils_a_batch(action: str, field: str, culprit: str) -> None:
    panel = panel_of("spoilt")
    ids = panel.seed_orders(60)
    told = json.loads(panel.handle(form(action, **{field: f"{joined(ids)}, {culprit}"})).body)
    assert told == {"error": f"Incorrect {field[:-1]} ID"}
    assert panel.ledger == []
    assert numbers_told(panel, action, field, ids) == ids
    assert bool(panel.ledger) == (action in {"refill", "cancel"})


def test_a_spoilt_batch_is_still_no_larger_than_others() -> None:
    panel = panel_of("spoilt")
    told = panel.handle(form("status", orders=joined(panel.seed_orders(101)))).body
    assert told == b'{"error":"At most 100 ids are accepted at once"}'


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"action": "add", "service": 99}, 404),
        ({"action": "add", "service": 1}, 422),
        ({"action": "add", **FOLLOWERS, "link": "a b"}, 422),
        ({"action": "add", **FOLLOWERS, "quantity": "x"}, 422),
        ({"action": "add", **FOLLOWERS, "quantity": 9999}, 402),
        ({"action": "refill", "order": 8}, 404),
        ({"action": "status", "orders": "1," * 100}, 400),
        ({"action": "refunds"}, 400),
    ],
)
def test_a_refusal_has_its_status(fields: dict[str, object], status: int) -> None:
    reply = panel_of("statuses").handle(
        {"key": "sandbox-key", **{name: str(of) for name, of in fields.items()}}
    )
    assert reply.status == status


# --- with faults


@pytest.mark.parametrize(
    ("name", "status", "body", "extra"),
    [
        ("document", 429, '{"error":"Too many requests"}', ((b"retry-after", b"1"),)),
        ("limited", 200, '{"error":"Too many requests"}', ()),
        ("nested", 429, '{"status":"error","message":"Too many requests"}', ((b"retry-after", b"1"),)),
        ("statuses", 429, '{"success":false,"errors":["Too many requests"]}', ((b"retry-after", b"1"),)),
        ("spanish", 429, '{"error":"Demasiadas solicitudes"}', ((b"retry-after", b"1"),)),
        ("turkish", 429, '{"error":"Çok fazla istek"}', ((b"retry-after", b"1"),)),
        ("keys", 429, '{"error":"api.error.too_many_requests"}', ((b"retry-after", b"1"),)),
    ],
)
def test_a_rate_limit_comes_in_the_dialect(
    name: str, status: int, body: str, extra: tuple[tuple[bytes, bytes], ...]
) -> None:
    panel = panel_of(name)
    panel.faults.script("rate_limit")
    reply = panel.answer(form("add", **FOLLOWERS)).reply
    assert (reply.status, reply.body.decode()) == (status, body)
    assert reply.headers == ((b"content-type", b"application/json"), *extra)
    assert panel.ledger == []


@pytest.mark.parametrize(
    ("name", "status", "payload"),
    [
        ("document", 200, {"error": "Operation timed out"}),
        ("nested", 200, {"status": "error", "message": "Operation timed out"}),
        ("statuses", 500, {"success": False, "errors": ["Operation timed out"]}),
    ],
)
def test_a_server_that_failed_says_so_in_the_dialect(
    name: str, status: int, payload: dict[str, object]
) -> None:
    panel = panel_of(name, balance=Decimal(1000))
    panel.faults.error_after = 1.0
    replies = [panel.answer(form("add", **FOLLOWERS)).reply for _ in range(40)]
    assert (status, payload) in [(reply.status, json.loads(reply.body)) for reply in replies]
    assert len(panel.ledger) == 40
    assert panel.balance == 1000 - 40 * Decimal("0.9")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in {"rate_limit", "error_after"}])
def test_a_fault_is_the_same_in_every_dialect(name: str, fault: str) -> None:
    answers = []
    panels = [panel_of(name), panel_of("document")]
    for panel in panels:
        panel.faults.script(fault)
        answers.append(panel.answer(form("add", **FOLLOWERS)))
    one, other = answers
    assert (one.wire, one.delay, one.reply.status) == (other.wire, other.delay, other.reply.status)
    assert panels[0].ledger == panels[1].ledger
    if FAULTS[fault].reply is not None:
        assert one == other


# --- translations


def texts(node: ast.expr) -> list[str]:
    """What an argument may be, with a 7 for what is known only later."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        return ["".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)]
    return [*texts(node.body), *texts(node.orelse)] if isinstance(node, ast.IfExp) else []


def refused() -> list[str]:
    """Everything that the panel refuses something with."""
    found = ["Incorrect order ID", "Refill not found", "Quantity field is required"]
    found += ["Invalid API key", "Too many requests"]
    for path in Path(shop.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "RefusedError":
                found += texts(node.args[0])
    return sorted(set(found))


@pytest.mark.parametrize("text", refused())
def test_whatever_is_refused_is_translated(text: str) -> None:
    told = [translated(text, language) for language in (SPANISH, TURKISH, KEYS)]
    assert len({text, *told}) == 4
    assert not any("{" in one for one in told)
    assert told[2] == told[2].lower().replace(" ", "_")


def test_a_translation_keeps_the_figures_and_the_field() -> None:
    assert translated("Quantity more than maximum 5000", SPANISH) == "Cantidad mayor que el máximo 5000"
    assert translated("Answer number field is required", TURKISH) == "Answer number alanı zorunludur"
    assert translated("Answer number field is required", KEYS) == "neworder.error.answer_number_required"
    assert translated("Incorrect old posts", KEYS) == "neworder.error.old_posts"


@pytest.mark.parametrize("language", [SPANISH, TURKISH, KEYS])
def test_a_text_without_translation_stays_as_it_is(language: int) -> None:
    assert translated("Bad link, or worse", language) == "Bad link, or worse"
