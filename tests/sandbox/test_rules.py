from decimal import Decimal
from random import Random

import pytest

from agencia_async.sandbox.catalogue import ListedService, catalogue
from agencia_async.sandbox.reply import RefusedError
from agencia_async.sandbox.rules import RULES, Purchase, purchase, unit_price

from .scene import LINK

SERVICES: dict[str, ListedService] = {service.type: service for service in reversed(catalogue(Random(1)))}

# type, fields of a good order, units that it buys
GOOD: list[tuple[str, dict[str, str], int]] = [
    ("Default", {"link": LINK, "quantity": "1000"}, 1000),
    ("Package", {"link": LINK}, 1),
    ("Custom Comments", {"link": LINK, "comments": "good\ngreat\r\n\nfine"}, 3),
    ("Custom Comments Package", {"link": LINK, "comments": "good\ngreat"}, 1),
    ("SEO", {"link": LINK, "quantity": "100", "keywords": "a\nb"}, 100),
    ("Mentions", {"link": LINK, "quantity": "20", "usernames": "ann\nbob"}, 20),
    ("Mentions with Hashtags", {"link": LINK, "quantity": "20", "usernames": "ann", "hashtags": "x"}, 20),
    ("Mentions Custom List", {"link": LINK, "usernames": "ann\nbob"}, 2),
    ("Mentions Hashtag", {"link": LINK, "quantity": "100", "hashtag": "x"}, 100),
    ("Mentions User Followers", {"link": LINK, "quantity": "100", "username": "ann"}, 100),
    ("Mentions Media Likers", {"link": LINK, "quantity": "100", "media": LINK}, 100),
    ("Comment Likes", {"link": LINK, "quantity": "10", "username": "ann"}, 10),
    ("Comment Replies", {"link": LINK, "username": "ann", "comments": "yes\nno"}, 2),
    ("Poll", {"link": LINK, "quantity": "25", "answer_number": "2"}, 25),
    ("Invites from Groups", {"link": LINK, "quantity": "50", "groups": "one\ntwo"}, 50),
    (
        "Web Traffic",
        {"link": LINK, "quantity": "500", "country": "PT", "device": "5", "type_of_traffic": "3"},
        500,
    ),
]
SUBSCRIPTION = {"username": "ann", "min": "20", "max": "30", "delay": "0"}
TRAFFIC = GOOD[-1][1]


def refusal_of(kind: str, fields: dict[str, str]) -> str:
    with pytest.raises(RefusedError) as caught:
        purchase(SERVICES[kind], fields)
    return caught.value.text


def test_every_type_has_a_case() -> None:
    assert {kind for kind, _, _ in GOOD} | {"Subscriptions"} == set(RULES) == set(SERVICES)


@pytest.mark.parametrize(("kind", "fields", "units"), GOOD)
def test_a_good_order_buys_its_units_and_ignores_fields_it_does_not_know(
    kind: str, fields: dict[str, str], units: int
) -> None:
    assert purchase(SERVICES[kind], {**fields, "colour": "red"}) == Purchase("single", units, units)


@pytest.mark.parametrize(("kind", "fields", "_units"), [*GOOD, ("Subscriptions", SUBSCRIPTION, 0)])
def test_each_required_field_is_missed(kind: str, fields: dict[str, str], _units: int) -> None:
    for name in RULES[kind].required:
        words = name.replace("_", " ").capitalize()
        assert refusal_of(kind, {**fields, name: " "}) == f"{words} field is required"


@pytest.mark.parametrize(
    ("kind", "fields", "text"),
    [
        ("Default", {"link": "two words", "quantity": "50"}, "Bad link"),
        ("Default", {"link": LINK, "quantity": "1.5"}, "Incorrect quantity"),
        ("Default", {"link": LINK, "quantity": "-50"}, "Incorrect quantity"),
        ("Default", {"link": LINK, "quantity": "0"}, "Incorrect quantity"),
        ("Default", {"link": LINK, "quantity": "9" * 5000}, "Incorrect quantity"),
        ("Default", {"link": LINK, "quantity": "49"}, "Quantity less than minimal 50"),
        ("Default", {"link": LINK, "quantity": "10001"}, "Quantity more than maximum 10000"),
        (
            "Default",
            {"link": LINK, "quantity": "50", "runs": "2"},
            "Incorrect runs or interval: both or neither",
        ),
        (
            "Default",
            {"link": LINK, "quantity": "50", "interval": "2"},
            "Incorrect runs or interval: both or neither",
        ),
        ("Default", {"link": LINK, "quantity": "50", "runs": "0", "interval": "2"}, "Incorrect runs"),
        ("Custom Comments", {"link": LINK, "comments": "a\n" * 1501}, "Quantity more than maximum 1500"),
        ("Poll", {"link": LINK, "quantity": "25", "answer_number": "b"}, "Incorrect answer number"),
        ("Web Traffic", {**TRAFFIC, "device": "6"}, "Incorrect device"),
        ("Web Traffic", {**TRAFFIC, "type_of_traffic": "4"}, "Incorrect type of traffic"),
        ("Web Traffic", {**TRAFFIC, "type_of_traffic": "1"}, "Google keyword field is required"),
        ("Web Traffic", {**TRAFFIC, "type_of_traffic": "2"}, "Referring url field is required"),
        ("Subscriptions", {**SUBSCRIPTION, "delay": "20"}, "Incorrect delay"),
        ("Subscriptions", {**SUBSCRIPTION, "expiry": "31/02/2026"}, "Incorrect expiry"),
        ("Subscriptions", {**SUBSCRIPTION, "min": "31"}, "Incorrect quantity: min is more than max"),
        ("Subscriptions", {**SUBSCRIPTION, "min": "19"}, "Quantity less than minimal 20"),
        ("Subscriptions", {**SUBSCRIPTION, "max": "5001"}, "Quantity more than maximum 5000"),
    ],
)
def test_what_is_wrong_is_refused_in_the_usual_words(kind: str, fields: dict[str, str], text: str) -> None:
    assert refusal_of(kind, fields) == text


def test_traffic_may_name_its_keyword_or_referrer() -> None:
    for fields in (
        {"type_of_traffic": "1", "google_keyword": "shoes"},
        {"type_of_traffic": "2", "referring_url": LINK},
    ):
        assert purchase(SERVICES["Web Traffic"], {**TRAFFIC, **fields}).low == 500


def test_a_drip_feed_buys_its_quantity_once_a_run() -> None:
    fields = {"link": LINK, "quantity": "50", "runs": "3", "interval": "2"}
    assert purchase(SERVICES["Default"], fields) == Purchase("drip-feed", 50, 50, (0.0, 120.0, 240.0))


def test_a_service_without_drip_feed_refuses_it() -> None:
    service = next(one for one in catalogue(Random(1)) if one.type == "Default" and not one.dripfeed)
    fields = {"link": LINK, "quantity": str(service.min), "runs": "3", "interval": "2"}
    with pytest.raises(RefusedError, match="Drip-feed is disabled for this service"):
        purchase(service, fields)


def test_a_subscription_buys_old_posts_at_once_and_new_ones_as_they_come() -> None:
    fields = {**SUBSCRIPTION, "delay": "5", "posts": "2", "old_posts": "1", "expiry": "24/12/2030"}
    assert purchase(SERVICES["Subscriptions"], fields) == Purchase(
        "subscription", 20, 30, (0.0, 360.0, 420.0), "2", "24/12/2030"
    )


def test_a_subscription_without_posts_finds_five() -> None:
    bought = purchase(SERVICES["Subscriptions"], SUBSCRIPTION)
    assert bought.offsets == (60.0, 120.0, 180.0, 240.0, 300.0)
    assert bought.posts is None


def test_one_unit_costs_a_thousandth_of_the_rate_and_a_package_all_of_it() -> None:
    assert unit_price(SERVICES["Default"]) == Decimal("0.00090")
    assert unit_price(SERVICES["Package"]) == Decimal("4.50")
