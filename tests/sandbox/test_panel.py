import json
from dataclasses import replace
from decimal import Context, Decimal, localcontext

import pytest

from agencia_async.sandbox import Panel
from agencia_async.sandbox.panel import REQUESTS_KEPT

from .scene import KEY, LINK, Clock, ask, followers, form, joined, rows


@pytest.mark.parametrize("fields", [{"action": "balance"}, {"action": "balance", "key": "other"}])
def test_a_wrong_key_is_refused_with_status_200(panel: Panel, fields: dict[str, str]) -> None:
    reply = panel.handle(fields)
    assert (reply.status, reply.body) == (200, b'{"error":"Invalid API key"}')


def test_a_missing_action_is_refused(panel: Panel) -> None:
    assert panel.handle({"key": KEY}).body == b'{"error":"Incorrect request"}'


def test_the_same_seed_clock_and_requests_give_the_same_replies() -> None:
    def replies(seed: int) -> list[bytes]:
        clock = Clock()
        panel = Panel(seed=seed, clock=clock)
        panel.faults.server_error = 0.2
        forms = [form("services"), *[form("add", service=1, link=LINK, quantity=500)] * 20]
        forms += [form("status", orders=joined(panel.seed_orders(50)))] * 5
        told = []
        for one in forms:
            clock.now += 7
            told.append(panel.answer(one).reply.body)
        return told

    assert replies(1) == replies(1) != replies(2)


def test_every_request_is_kept_without_its_key(panel: Panel) -> None:
    panel.handle({"key": "wrong", "action": "status", "order": "1"})
    ask(panel, "status", orders="1,2")
    assert [(request.action, request.ids, request.fault) for request in panel.requests] == [
        ("status", ("1",), None),
        ("status", ("1", "2"), None),
    ]
    assert all("key" not in request.form for request in panel.requests)


def test_requests_are_counted_beyond_those_kept(panel: Panel) -> None:
    for _ in range(REQUESTS_KEPT + 1):
        panel.handle({})
    assert (len(panel.requests), panel.received) == (REQUESTS_KEPT, REQUESTS_KEPT + 1)


def test_stock_is_there_to_be_polled(panel: Panel, clock: Clock) -> None:
    ids = panel.seed_orders(300)
    assert len(set(ids)) == 300
    told = ask(panel, "status", orders=joined(ids[:100]))
    assert told == {str(number): panel.expected_status(number) for number in ids[:100]}
    assert Panel(clock=clock, pending=(5.0, 5.0), progress=(20.0, 20.0)).seed_orders(300) == ids
    assert panel.balance == 1000
    assert panel.ledger == []


def test_truth_is_the_status_and_the_callers_own(panel: Panel, clock: Clock) -> None:
    number = followers(panel)
    clock.now += 1000
    panel.expected_status(number).clear()
    assert panel.expected_status(str(number)) == ask(panel, "status", order=number)
    for accessor in (panel.truth, panel.charge):
        with pytest.raises(KeyError):
            accessor(1)


def test_the_charge_follows_the_order(panel: Panel) -> None:
    assert panel.charge(followers(panel)) == Decimal("0.9")


def test_the_panel_has_its_own_terms() -> None:
    panel = Panel("k", balance=Decimal("0.5"), currency="EUR", batch_limit=2)
    told = json.loads(panel.handle({"key": "k", "action": "balance"}).body)
    assert told == {"balance": "0.5", "currency": "EUR"}
    told = json.loads(panel.handle({"key": "k", "action": "status", "orders": "1,2,3"}).body)
    assert told == {"error": "At most 2 ids are accepted at once"}


def test_money_is_exact_whatever_the_callers_decimal_context_is(panel: Panel) -> None:
    with localcontext(Context(prec=2)):
        followers(panel, 1234)
        assert ask(panel, "balance")["balance"] == "998.88940"


def test_an_answer_without_faults_is_the_reply(panel: Panel) -> None:
    answer = panel.answer(form("balance"))
    assert (answer.reply, answer.wire, answer.delay) == (panel.handle(form("balance")), "whole", 0.0)


@pytest.mark.parametrize(
    ("fault", "acts", "wire", "status"),
    [
        ("rate_limit", False, "whole", 429),
        ("server_error", False, "whole", None),
        ("gateway_page", False, "whole", 502),
        ("reset_before", False, "reset", 200),
        ("drop_after", True, "close", 200),
        ("cut_reply", True, "half", 200),
        ("empty_reply", True, "whole", 200),
        ("challenge_page", False, "whole", 200),
        ("error_after", True, "whole", 200),
        ("trailing_newline", True, "whole", 200),
        ("trailing_reply", True, "whole", 200),
    ],
)
def test_a_fault_acts_or_not_and_is_recorded(
    panel: Panel,
    fault: str,
    acts: bool,  # noqa: FBT001, a column of the table
    wire: str,
    status: int | None,
) -> None:
    panel.faults.script(fault)
    answer = panel.answer(form("add", service=1, link=LINK, quantity=1000))
    assert len(panel.ledger) == acts
    assert answer.wire == wire
    assert answer.reply.status in ({500, 502, 503} if status is None else {status})
    assert (panel.requests[-1].action, panel.requests[-1].fault) == ("add", fault)


def test_the_application_is_one(panel: Panel) -> None:
    assert panel.asgi is panel.asgi
    assert panel.url is None


# --- what is on sale may change


def test_a_new_price_holds_from_now_on(panel: Panel, clock: Clock) -> None:
    before = followers(panel)
    panel.change_price(1, Decimal("2.5"))
    after = followers(panel)
    assert [entry.charge for entry in panel.ledger] == [Decimal("0.9"), Decimal("2.5")]
    assert panel.balance == Decimal("996.6")
    clock.now += 25
    assert [panel.expected_status(number)["charge"] for number in (before, after)] == ["0.90000", "2.5000"]


def test_what_was_ordered_before_is_paid_back_at_its_own_price(panel: Panel, clock: Clock) -> None:
    ids = [
        followers(panel),
        ask(panel, "add", service=1, link=LINK, quantity=50, runs=2, interval=1)["order"],
    ]
    panel.change_price(1, Decimal(1000))
    ask(panel, "cancel", orders=joined(ids))
    clock.now += 5
    assert [panel.charge(number) for number in ids] == [0, 0]
    assert panel.balance == 1000


def test_the_catalogue_shows_the_new_price_in_its_old_place(panel: Panel) -> None:
    before = panel.catalogue
    panel.change_price("2", Decimal("1E+1"))
    assert panel.catalogue == (before[0], replace(before[1], rate=Decimal(10)), *before[2:])
    assert rows(panel, "services")[1] == before[1].row() | {"rate": "10"}
    panel.change_price(2, before[1].rate)
    assert panel.catalogue == before


@pytest.mark.parametrize("service", [2, 3, 16])
def test_a_package_comments_and_posts_have_new_prices_too(panel: Panel, service: int) -> None:
    panel.change_price(service, Decimal(0))
    fields = {"link": LINK, "comments": "a", "username": "ann", "min": 20, "max": 20, "delay": 0}
    assert ask(panel, "add", service=service, **fields) == {"order": 23501}
    assert panel.ledger[0].charge == 0
    assert panel.balance == 1000


@pytest.mark.parametrize("rate", ["-0.01", "-0", "NaN", "sNaN", "Infinity", "-Infinity"])
def test_a_price_is_0_or_more(panel: Panel, rate: str) -> None:
    before = panel.catalogue
    with pytest.raises(ValueError, match=f"rate must be a finite number >= 0, got {rate}"):
        panel.change_price(1, Decimal(rate))
    assert panel.catalogue == before


def test_what_is_disabled_can_be_bought_no_more(panel: Panel, clock: Clock) -> None:
    number, before = followers(panel), panel.catalogue
    panel.disable_service(1)
    assert ask(panel, "add", service=1, link=LINK, quantity=1000) == {"error": "Incorrect service ID"}
    assert panel.catalogue == before[1:]
    assert rows(panel, "services") == [service.row() for service in before[1:]]
    clock.now += 25
    assert ask(panel, "status", order=number)["status"] == "Completed"
    assert ask(panel, "refill", order=number) == {"refill": "1"}
    assert len(panel.ledger) == 2


def test_what_is_seeded_is_of_the_services_on_sale() -> None:
    panel = Panel(progress=(1e9, 1e9))
    for service in panel.catalogue[1:]:
        panel.disable_service(service.service)
    panel.change_price(1, Decimal(0))
    assert {panel.charge(number) for number in panel.seed_orders(100)} == {0}


@pytest.mark.parametrize("service", [0, 41, "x", "01", 7])
def test_only_what_is_on_sale_can_be_changed(panel: Panel, service: int | str) -> None:
    panel.disable_service("7")
    before = panel.catalogue
    with pytest.raises(KeyError):
        panel.change_price(service, Decimal(1))
    with pytest.raises(KeyError):
        panel.disable_service(service)
    assert panel.catalogue == before


def test_the_old_names_are_aliases_until_1_0(panel: Panel) -> None:
    (order,) = panel.stock(1)
    assert panel.truth(order) == panel.expected_status(order)
    panel.reprice(1, Decimal("2.5"))
    assert panel.catalogue[0].rate == Decimal("2.5")
    panel.withdraw(1)
    assert panel.catalogue[0].service == 2
