"""Every type of service from end to end: what an order costs, what is paid back, what is refused."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from agencia_async.sandbox import Panel
from agencia_async.sandbox.rules import RULES

from .scene import LINK, Clock, ask, rows

FUNDS = Decimal(1000)


@dataclass(frozen=True)
class Case:
    """A good order: its fields, and by hand what it buys (`orders` of `units` each) and costs."""

    service: int
    type: str
    fields: dict[str, str]
    units: int
    charge: str
    orders: int = 1

    @property
    def unit_price(self) -> Decimal:
        return Decimal(self.charge) / (self.units * self.orders)

    def numbers(self, order: int) -> list[int]:
        """The orders that an order consists of, those to come included."""
        return [order] if self.orders == 1 else list(range(order + 1, order + 1 + self.orders))

    def __str__(self) -> str:
        return f"{self.type}, {self.orders}"


def counted(quantity: int, **fields: str) -> dict[str, str]:
    return {"link": LINK, "quantity": str(quantity), **fields}


VISIT = {"country": "United States", "device": "5", "type_of_traffic": "3"}
FOLLOW = {"username": "ann", "min": "21", "max": "21", "delay": "0"}
DRIP = {"runs": "3", "interval": "1"}

CASES = [
    Case(1, "Default", counted(1234), 1234, "1.1106"),
    Case(1, "Default", counted(1001, **DRIP), 1001, "2.7027", 3),
    Case(2, "Package", {"link": LINK}, 1, "4.50"),
    Case(3, "Custom Comments", {"link": LINK, "comments": "So good\r\n\r\ngreat\nfine\n"}, 3, "0.024"),
    Case(3, "Custom Comments", {"link": LINK, "comments": "good\ngreat", "quantity": "2"}, 2, "0.016"),
    Case(4, "Custom Comments Package", {"link": LINK, "comments": "good\ngreat"}, 1, "1.25"),
    Case(5, "SEO", counted(101, keywords="blue shoes\nhats"), 101, "0.239875"),
    Case(6, "Mentions", counted(21, usernames="ann\nbob"), 21, "0.0651"),
    Case(7, "Mentions with Hashtags", counted(21, usernames="ann", hashtags="x\ny"), 21, "0.07245"),
    Case(8, "Mentions Custom List", {"link": LINK, "usernames": "ann\r\nbob"}, 2, "0.01"),
    Case(9, "Mentions Hashtag", counted(101, hashtag="x"), 101, "0.29795"),
    Case(10, "Mentions User Followers", counted(101, username="ann"), 101, "0.2828"),
    Case(11, "Mentions Media Likers", counted(101, media=LINK), 101, "0.28785"),
    Case(12, "Comment Likes", counted(11, username="ann"), 11, "0.011165"),
    Case(13, "Comment Replies", {"link": LINK, "username": "ann", "comments": "yes\nno"}, 2, "0.01998"),
    Case(14, "Poll", counted(26, answer_number="2"), 26, "0.01872"),
    Case(15, "Invites from Groups", counted(51, groups="one\ntwo"), 51, "0.3264"),
    Case(16, "Subscriptions", {**FOLLOW, "posts": "3", "old_posts": "2"}, 21, "0.126", 5),
    Case(16, "Subscriptions", {**FOLLOW, "expiry": "24/12/2030"}, 21, "0.126", 5),
    Case(17, "Web Traffic", counted(501, **VISIT), 501, "0.052605"),
    Case(17, "Web Traffic", counted(501, **VISIT, **DRIP), 501, "0.157815", 3),
]
SIMPLEST = list({case.type: case for case in reversed(CASES)}.values())[::-1]

OPTIONAL = {"runs", "interval", "posts", "old_posts", "expiry", "google_keyword", "referring_url"}

# what is wrong in a field, and what a panel says to it
_NUMBERS = ("-1", "1.5", "1e3", "1,000", "+5", "x", "\N{SUPERSCRIPT TWO}", "9" * 13)
WRONG = {
    "link": (("two words", "a\tb"), "Bad link"),
    "quantity": (("0", *_NUMBERS), "Incorrect quantity"),
    "runs": (("0", "1001", *_NUMBERS), "Incorrect runs"),
    "interval": (("0", *_NUMBERS), "Incorrect interval"),
    "min": (("0", *_NUMBERS), "Incorrect min"),
    "max": (("0", *_NUMBERS), "Incorrect max"),
    "delay": (("1", "20", "45", "630", *_NUMBERS), "Incorrect delay"),
    "posts": (("0", "1001", *_NUMBERS), "Incorrect posts"),
    "old_posts": (("1001", *_NUMBERS), "Incorrect old posts"),
    "expiry": (("2030-12-24", "12/24/2030", "31/02/2030", "x"), "Incorrect expiry"),
    "answer_number": (("0", *_NUMBERS), "Incorrect answer number"),
    "device": (("0", "6", *_NUMBERS), "Incorrect device"),
    "type_of_traffic": (("0", "4", *_NUMBERS), "Incorrect type of traffic"),
    "username": (("two words",), "Incorrect username"),
    "usernames": (("ann\nbob carl", "ann, bob"), "Incorrect usernames"),
    "hashtag": (("two words",), "Incorrect hashtag"),
    "hashtags": (("x\ny z",), "Incorrect hashtags"),
    "media": (("two words",), "Incorrect media"),
    "referring_url": (("two words",), "Incorrect referring url"),
}
ANYTHING = {"comments", "keywords", "groups", "country", "google_keyword"}  # texts that cannot be wrong


@pytest.fixture
def wealthy(clock: Clock) -> Panel:
    return Panel(clock=clock, pending=(5.0, 5.0), progress=(20.0, 20.0), balance=FUNDS)


def add(panel: Panel, case: Case, **other: str) -> int:
    number: int = ask(panel, "add", service=case.service, **case.fields | other)["order"]
    return number


def refusal_of(panel: Panel, case: Case, fields: dict[str, str]) -> str:
    """The text; nothing has been bought."""
    text: str = ask(panel, "add", service=case.service, **fields)["error"]
    assert (panel.ledger, panel.balance) == ([], FUNDS)
    return text


def check_charges(panel: Panel, case: Case, order: int) -> set[object]:
    """Each part costs what was delivered of it, and all of them what the order costs; gives their states."""
    told = [panel.expected_status(number) for number in case.numbers(order)]
    for one in told:
        delivered = case.units - int(str(one["remains"]))
        assert Decimal(str(one["charge"])) == case.unit_price * delivered
        expected = "Completed" if delivered == case.units else "Partial" if delivered else "Canceled"
        assert one["status"] == expected
    assert panel.charge(order) == sum(Decimal(str(one["charge"])) for one in told)
    return {one["status"] for one in told}


def test_every_type_and_every_field_has_a_case(wealthy: Panel) -> None:
    assert [case.type for case in SIMPLEST] == [*RULES] == [one.type for one in wealthy.catalogue[:17]]
    fields = {name for rule in RULES.values() for name in (*rule.required, *rule.optional)}
    assert fields == WRONG.keys() | ANYTHING
    assert fields > OPTIONAL


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_order_costs_exactly_its_price_and_stands_in_the_ledger(wealthy: Panel, case: Case) -> None:
    order = add(wealthy, case)
    (entry,) = wealthy.ledger
    assert (entry.action, entry.order, entry.result, entry.charge) == (
        "add",
        order,
        order,
        Decimal(case.charge),
    )
    assert entry.fields == {"action": "add", "service": str(case.service), **case.fields}
    assert wealthy.balance == FUNDS - Decimal(case.charge)
    assert wealthy.charge(order) == Decimal(case.charge)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_was_not_delivered_is_paid_back_exactly(wealthy: Panel, clock: Clock, case: Case) -> None:
    orders = [add(wealthy, case) for _ in range(100)]
    assert wealthy.balance == FUNDS - 100 * Decimal(case.charge)
    clock.now += 10_000
    states = set().union(*(check_charges(wealthy, case, order) for order in orders))
    assert states == {"Completed", "Canceled", *(["Partial"] if case.units > 1 else [])}
    assert wealthy.balance == FUNDS - sum(map(wealthy.charge, orders))


@pytest.mark.parametrize("after", [0, 10, 80])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_cancellation_pays_back_exactly_what_is_left(
    wealthy: Panel, clock: Clock, case: Case, after: float
) -> None:
    order = add(wealthy, case)
    clock.now += after
    (told,) = rows(wealthy, "cancel", orders=order)
    clock.now += 10_000
    check_charges(wealthy, case, order)
    assert wealthy.balance == FUNDS - wealthy.charge(order)
    if not wealthy.catalogue[case.service - 1].cancel:
        assert told["cancel"] == {"error": "Cancel is disabled for this service"}
    elif after == 0:
        assert wealthy.balance == FUNDS


def test_a_subscription_is_charged_for_what_each_post_gets(wealthy: Panel, clock: Clock) -> None:
    order = ask(wealthy, "add", service=16, **FOLLOW | {"max": "5000", "posts": "20", "old_posts": "3"})[
        "order"
    ]
    sizes = [int(str(wealthy.expected_status(order + post)["remains"])) for post in range(1, 24)]
    assert 21 <= min(sizes) < max(sizes) <= 5000
    assert wealthy.ledger[0].charge == sum(sizes) * Decimal("0.00120") == FUNDS - wealthy.balance
    clock.now += 10_000
    assert len(ask(wealthy, "status", order=order)["orders"]) == 23
    assert wealthy.balance == FUNDS - wealthy.charge(order)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_order_that_the_balance_does_not_cover_is_refused(case: Case) -> None:
    short = Panel(balance=Decimal(case.charge) - Decimal("0.0000001"))
    assert ask(short, "add", service=case.service, **case.fields) == {"error": "Not enough funds on balance"}
    exact = Panel(balance=Decimal(case.charge))
    add(exact, case)
    assert (len(short.ledger), len(exact.ledger), exact.balance) == (0, 1, Decimal(0))


@pytest.mark.parametrize("case", SIMPLEST, ids=str)
def test_each_field_that_is_missing_is_named(wealthy: Panel, case: Case) -> None:
    for name in case.fields.keys() - OPTIONAL:
        text = f"{name.replace('_', ' ').capitalize()} field is required"
        others = {other: value for other, value in case.fields.items() if other != name}
        for fields in (others, {**others, name: ""}, {**others, name: " \r\n "}):
            assert refusal_of(wealthy, case, fields) == text


@pytest.mark.parametrize("case", SIMPLEST, ids=str)
def test_each_field_that_is_wrong_is_named(wealthy: Panel, case: Case) -> None:
    rule = RULES[case.type]
    for name in WRONG.keys() & {*rule.required, *rule.optional}:
        values, text = WRONG[name]
        for value in values:
            assert refusal_of(wealthy, case, {**case.fields, name: value}) == text


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_field_that_a_type_does_not_use_does_not_count(wealthy: Panel, case: Case) -> None:
    rule = RULES[case.type]
    others = WRONG.keys() - {*rule.required, *rule.optional}
    fields = {name: WRONG[name][0][0] for name in others} | {"order": "x", "unheard_of": "1"}
    assert add(wealthy, case, **fields) == 23501
    assert wealthy.ledger[0].charge == Decimal(case.charge)
    assert wealthy.ledger[0].fields["unheard_of"] == "1"
    assert len(wealthy.ledger) == 1


def of_size(case: Case, size: int) -> dict[str, str]:
    """The fields of an order of so many units."""
    rule = RULES[case.type]
    if rule.counted == "posts":
        return {"min": str(size), "max": str(size), "posts": "1"}
    return {rule.counted: str(size) if rule.counted == "quantity" else "a\n" * size}


@pytest.mark.parametrize("case", [case for case in SIMPLEST if RULES[case.type].counted], ids=str)
def test_the_smallest_and_the_largest_order_are_bought_and_none_beyond(wealthy: Panel, case: Case) -> None:
    service = wealthy.catalogue[case.service - 1]
    low, high = service.min, service.max
    if low > 1:
        text = refusal_of(wealthy, case, case.fields | of_size(case, low - 1))
        assert text == f"Quantity less than minimal {low}"
    text = refusal_of(wealthy, case, case.fields | of_size(case, high + 1))
    assert text == f"Quantity more than maximum {high}"
    others = {name: value for name, value in case.fields.items() if name != "old_posts"}
    for size in (low, high):
        assert "order" in ask(wealthy, "add", service=case.service, **others | of_size(case, size))
    assert [entry.charge for entry in wealthy.ledger] == [case.unit_price * low, case.unit_price * high]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"min": "20"}, None),
        ({"min": "19"}, "Quantity less than minimal 20"),
        ({"max": "5001"}, "Quantity more than maximum 5000"),
        ({"min": "22"}, "Incorrect quantity: min is more than max"),
    ],
)
def test_a_subscription_has_both_its_ends_checked(
    wealthy: Panel, fields: dict[str, str], text: str | None
) -> None:
    assert ask(wealthy, "add", service=16, **FOLLOW | fields).get("error") == text


@pytest.mark.parametrize("case", [case for case in CASES if "runs" in case.fields], ids=str)
def test_a_drip_feed_needs_runs_and_interval(wealthy: Panel, case: Case) -> None:
    for name in DRIP:
        fields = {other: value for other, value in case.fields.items() if other != name}
        assert refusal_of(wealthy, case, fields) == "Incorrect runs or interval: both or neither"


@pytest.mark.parametrize(
    ("kind", "field", "text"),
    [("1", "google_keyword", "Google keyword"), ("2", "referring_url", "Referring url")],
)
def test_traffic_that_comes_from_somewhere_names_it(wealthy: Panel, kind: str, field: str, text: str) -> None:
    case = SIMPLEST[-1]
    fields = case.fields | {"type_of_traffic": kind}
    assert refusal_of(wealthy, case, fields) == f"{text} field is required"
    assert ask(wealthy, "add", service=17, **fields, **{field: LINK}) == {"order": 23501}
