import asyncio
from decimal import Decimal
from typing import Any

import httpx
import pytest

from agencia_async import (
    AsyncClient,
    Catalogue,
    CommentRepliesOrder,
    ConfigurationError,
    CustomCommentsOrder,
    CustomCommentsPackageOrder,
    DefaultOrder,
    InvalidInputError,
    MentionsCustomListOrder,
    MentionsOrder,
    MentionsWithHashtagsOrder,
    Order,
    PackageOrder,
    RawOrder,
    RetryPolicy,
    Service,
    SubscriptionsOrder,
    TransportError,
)
from agencia_async.sandbox import Panel
from agencia_async.sandbox.rules import RULES
from tests.support.until import until

LINK = "https://example.com/p/1"


def service(number: int | str, kind: str, rate: str = "0.90", **more: Any) -> Service:  # noqa: ANN401
    return Service(service=number, type=kind, rate=Decimal(rate), **more)


def of(*services: Service) -> Catalogue:
    return Catalogue(services)


FOLLOWERS = service(
    1, "Default", min=50, max=10_000, name="Followers Fast", category="Instagram", dripfeed=False
)
CATALOGUE = of(
    FOLLOWERS,
    service("ab-2", "Package", "4.50", min=1, max=1, name="Starter", category="Offers"),
    service(3, "custom_comments", "8.00", min=2, max=3, name="Comments", category="Instagram"),
    service(4, "Custom Comments Package", "1.25"),
    service(5, "Subscriptions", "1.20", min=20, max=5_000),
    service(6, "Mentions", "3.10"),
    service(7, "Mentions with Hashtags", "3.45"),
    service(8, "Mentions Custom List", "5"),
    service(9, "Comment Replies", "9.99"),
    service(10, "Teleportation", "2"),
    service(11, "Default", min=500, max=100, dripfeed=True),
)


def followers(**more: Any) -> DefaultOrder:  # noqa: ANN401
    fields: dict[str, Any] = {"service": 1, "link": LINK, "quantity": 1000} | more
    return DefaultOrder(**fields)


def test_a_service_is_found_by_its_id_in_any_form() -> None:
    assert CATALOGUE[1] is CATALOGUE["1"] is FOLLOWERS
    assert CATALOGUE["ab-2"].name == "Starter"
    assert 1 in CATALOGUE
    assert 99 not in CATALOGUE
    assert None not in CATALOGUE
    assert len(CATALOGUE) == len(list(CATALOGUE)) == 11
    assert repr(CATALOGUE) == "<Catalogue of 11 services>"
    with pytest.raises(KeyError, match="99"):
        CATALOGUE[99]


def test_of_services_that_share_an_id_the_first_counts() -> None:
    assert of(FOLLOWERS, service("1", "Package"))[1] is FOLLOWERS


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, 11),
        ({"text": "fast insta"}, 1),
        ({"text": "INSTAGRAM"}, 2),
        ({"text": "nothing of the kind"}, 0),
        ({"type": "Custom Comments"}, 1),
        ({"type": "default"}, 2),
        ({"category": "off"}, 1),
        ({"max_rate": Decimal("0.90")}, 2),
        ({"min_rate": Decimal("8.00")}, 2),
        ({"text": "comments", "min_rate": Decimal(9)}, 0),
    ],
)
def test_services_are_searched_by_what_is_given(wanted: dict[str, Any], found: int) -> None:
    assert len(CATALOGUE.search(**wanted)) == found


@pytest.mark.parametrize(
    "order",
    [
        followers(),
        followers(quantity=50),
        followers(quantity=10_000),
        followers(extra={"speed": "slow"}),
        RawOrder(1, {"link": LINK, "quantity": "70"}),
        RawOrder(1, {"link": LINK, "quantity": "many"}),
        PackageOrder(service="ab-2", link=LINK),
        CustomCommentsOrder(service=3, link=LINK, comments=["a", "b"]),
        SubscriptionsOrder(service=5, username="x", min=20, max=5_000, delay=0),
        RawOrder(10, {"anything": "goes"}),
        followers(service=10),
        followers(service=11, quantity=300, runs=2, interval=5),
    ],
)
def test_what_the_catalogue_allows(order: Order) -> None:
    CATALOGUE.check(order)


@pytest.mark.parametrize(
    ("order", "reason", "field"),
    [
        (followers(service=99), "service 99 is not in the catalogue", "service"),
        (followers(quantity=49), "the quantity for service 1 must be >= 50, got 49", "quantity"),
        (followers(quantity=10_001), "the quantity for service 1 must be <= 10000, got 10001", "quantity"),
        (followers(runs=2, interval=5), "service 1 does not support drip-feed", "runs"),
        (
            followers(service="ab-2"),
            "service ab-2 has type 'Package': expected a PackageOrder, got a Def",
            "service",
        ),
        (PackageOrder(service=1, link=LINK), "expected a DefaultOrder, got a PackageOrder", "service"),
        (RawOrder(1, {"link": LINK}), "service 1 has type 'Default': missing field: quantity", "quantity"),
        (CustomCommentsOrder(service=3, link=LINK, comments=["a"]), "must be >= 2, got 1", "comments"),
        (CustomCommentsOrder(service=3, link=LINK, comments="a\nb\nc\nd"), "must be <= 3, got 4", "comments"),
        (
            CustomCommentsOrder(service=4, link=LINK, comments="a"),
            "expected a CustomCommentsPackageOrder",
            "service",
        ),
        (
            SubscriptionsOrder(service=5, username="x", min=10, max=30, delay=0),
            "must be >= 20, got 10",
            "min",
        ),
        (SubscriptionsOrder(service=5, username="x", min=20, max=5_001, delay=0), "must be <= 5000", "max"),
        (
            MentionsWithHashtagsOrder(service=6, link=LINK, quantity=5, usernames="a", hashtags="b"),
            "expected a MentionsOrder, got a MentionsWithHashtagsOrder",
            "service",
        ),
        (
            MentionsOrder(service=7, link=LINK, quantity=5, usernames="a"),
            "expected a MentionsWithHashtagsOrder",
            "service",
        ),
    ],
)
def test_what_the_catalogue_does_not_allow(order: Order, reason: str, field: str) -> None:
    with pytest.raises(InvalidInputError, match=reason) as caught:
        CATALOGUE.check(order)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("order", "cost"),
    [
        (followers(), "0.90"),
        (followers(quantity=157), "0.1413"),
        (followers(quantity=100, runs=3, interval=60), "0.27"),
        (RawOrder(1, {"link": LINK, "quantity": "70"}), "0.063"),
        (PackageOrder(service="ab-2", link=LINK), "4.50"),
        (CustomCommentsOrder(service=3, link=LINK, comments=["a", "b"]), "0.016"),
        (CustomCommentsPackageOrder(service=4, link=LINK, comments=["a", "b"]), "1.25"),
        (MentionsCustomListOrder(service=8, link=LINK, usernames=["a", "b", "c"]), "0.015"),
        (CommentRepliesOrder(service=9, link=LINK, username="x", comments=["a"]), "0.00999"),
        (SubscriptionsOrder(service=5, username="x", min=20, max=100, delay=0, posts=3), "0.36"),
        (SubscriptionsOrder(service=5, username="x", min=20, max=100, delay=0, posts=3, old_posts=2), "0.60"),
        (followers(service=10), "2"),
    ],
)
def test_a_cost_is_exact(order: Order, cost: str) -> None:
    assert str(CATALOGUE.cost(order)) == cost


@pytest.mark.parametrize(
    ("rate", "quantity", "cost"),
    [
        ("1000000000000.00", 10**12, "1000000000000000000000.00"),
        ("0.00", 5, "0.00"),
        ("0.12345678901234567890123456789012345", 7, "0.00086419752308641975230864197523086415"),
        ("1E+3", 7, "7"),
        ("0", 7, "0"),
    ],
)
def test_an_absurd_rate_costs_what_it_says(rate: str, quantity: int, cost: str) -> None:
    assert f"{of(service(1, 'Default', rate)).cost(followers(quantity=quantity)):f}" == cost


@pytest.mark.parametrize(
    "order",
    [
        SubscriptionsOrder(service=5, username="x", min=20, max=100, delay=0),
        RawOrder(10, {"anything": "goes"}),
        RawOrder(1, {"link": LINK, "quantity": "many"}),
        RawOrder(1, {"link": LINK, "quantity": "9" * 40}),
    ],
)
def test_a_cost_that_cannot_be_told_is_not_guessed(order: Order) -> None:
    with pytest.raises(
        InvalidInputError, match=f"the cost of this order of service {order.service} is unknown"
    ) as caught:
        CATALOGUE.cost(order)
    assert caught.value.field == ("posts" if isinstance(order, SubscriptionsOrder) else "quantity")


@pytest.mark.parametrize("rate", ["NaN", "Infinity", "1E+999", "0." + "1" * 300])
def test_a_rate_that_is_no_price_breaks_only_its_own_service(rate: str) -> None:
    catalogue = of(service(2, "Default", rate), FOLLOWERS)
    with pytest.raises(ConfigurationError, match="rate is not a valid price"):
        catalogue.cost(followers(service=2))
    catalogue.check(followers(service=2))
    assert catalogue.cost(followers()) == Decimal("0.90")


def test_more_than_may_be_charged_is_refused() -> None:
    CATALOGUE.check(followers(), max_charge=Decimal("0.9"))
    with pytest.raises(InvalidInputError, match=r"costs 0\.90, which exceeds max_charge \(0\.89\)"):
        CATALOGUE.check(followers(), max_charge=Decimal("0.89"))


class Shop(httpx.AsyncBaseTransport):
    """Sells followers at a price that changes; its catalogue comes when it is let go."""

    def __init__(self) -> None:
        self.rate = "0.90"
        self.sent: list[bytes] = []
        self.go = asyncio.Event()
        self.go.set()
        self.is_broken = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        form = await request.aread()
        self.sent.append(form)
        await self.go.wait()
        if self.is_broken:
            raise httpx.ReadTimeout("late")
        if b"action=services" in form:
            row = {"service": 1, "type": "Default", "rate": self.rate, "min": "50", "max": "10000"}
            return httpx.Response(200, json=[row])
        return httpx.Response(200, json={"order": 7})


async def test_the_catalogue_is_kept_until_it_is_too_old() -> None:
    shop = Shop()
    async with AsyncClient("KEY", transport=shop) as client:
        first = await client.catalogue()
        assert await client.catalogue() is first
        assert len(shop.sent) == 1
        shop.rate = "1.00"
        second = await client.catalogue(max_age=0)
        assert second[1].rate == Decimal("1.00")
        assert len(shop.sent) == 2
        with pytest.raises(ConfigurationError, match="max_age"):
            await client.catalogue(max_age=-1)
    with pytest.raises(ConfigurationError, match="closed"):
        await client.catalogue()


async def test_one_request_brings_the_catalogue_to_all_who_wait() -> None:
    shop = Shop()
    shop.go.clear()
    async with AsyncClient("KEY", transport=shop) as client:
        callers = [asyncio.create_task(client.catalogue()) for _ in range(10)]
        await until(lambda: shop.sent)
        callers[0].cancel()
        shop.go.set()
        others = await asyncio.gather(*callers[1:])
        assert len(shop.sent) == 1
        assert len(set(map(id, others))) == 1
        assert (await asyncio.gather(callers[0], return_exceptions=True))[
            0
        ].__class__ is asyncio.CancelledError


async def test_a_catalogue_that_nobody_waits_for_any_more_is_asked_for_again() -> None:
    shop = Shop()
    shop.go.clear()
    async with AsyncClient("KEY", transport=shop) as client:
        caller = asyncio.create_task(client.catalogue())
        await until(lambda: shop.sent)
        caller.cancel()
        await asyncio.sleep(0)
        again = asyncio.create_task(client.catalogue())
        shop.go.set()
        assert 1 in await again
        assert len(shop.sent) == 2


async def test_a_catalogue_that_fails_is_not_kept_and_each_caller_has_an_error_of_its_own() -> None:
    shop = Shop()
    shop.is_broken = True
    async with AsyncClient("KEY", transport=shop, retry=RetryPolicy(1)) as client:
        errors = await asyncio.gather(client.catalogue(), client.catalogue(), return_exceptions=True)
        assert [type(error) for error in errors] == [TransportError, TransportError]
        assert errors[0] is not errors[1]
        shop.is_broken = False
        assert 1 in await client.catalogue()


async def test_a_catalogue_is_not_waited_for_on_a_client_that_closes() -> None:
    shop = Shop()
    shop.go.clear()
    client = AsyncClient("KEY", transport=shop)
    caller = asyncio.create_task(client.catalogue())
    await until(lambda: shop.sent)
    await client.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await caller


async def test_an_order_is_checked_against_its_price_before_it_is_sent() -> None:
    shop = Shop()
    async with AsyncClient("KEY", transport=shop) as client:
        assert await client.add(followers(), max_charge=Decimal("0.90")) == 7
        assert len(shop.sent) == 2
        for order, most in (
            (followers(), "0.89"),
            (followers(quantity=10), "9"),
            (followers(service=3), "9"),
        ):
            with pytest.raises(ConfigurationError):
                await client.add(order, max_charge=Decimal(most))
        shop.rate = "1.30"
        await client.catalogue(max_age=0)
        with pytest.raises(ConfigurationError, match=r"costs 1\.30, which exceeds max_charge \(1\.20\)"):
            await client.add(followers(), max_charge=Decimal("1.20"))
        assert sum(b"action=add" in form for form in shop.sent) == 1


@pytest.mark.parametrize("most", [1.2, "1.20", Decimal("NaN"), Decimal("Infinity"), -1, True])
async def test_a_charge_is_an_exact_amount(most: Any) -> None:  # noqa: ANN401
    shop = Shop()
    async with AsyncClient("KEY", transport=shop) as client:
        with pytest.raises(InvalidInputError, match="max_charge must be a Decimal"):
            await client.add(followers(), max_charge=most)
    assert shop.sent == []


FIELDS = {
    "link": LINK,
    "quantity": "500",
    "comments": "a\nb\nc",
    "keywords": "a",
    "usernames": "a\nb\nc",
    "hashtags": "a",
    "hashtag": "a",
    "username": "a",
    "media": LINK,
    "answer_number": "1",
    "groups": "a",
    "min": "20",
    "max": "20",
    "delay": "0",
    "posts": "2",
    "country": "US",
    "device": "1",
    "type_of_traffic": "3",
}


@pytest.mark.parametrize("number", range(1, 18))
async def test_the_sandbox_charges_what_the_catalogue_says(number: int) -> None:
    panel = Panel()
    transport = httpx.ASGITransport(panel.asgi)
    async with AsyncClient(panel.key, base_url="http://localhost/", transport=transport) as client:
        catalogue = await client.catalogue()
        needed = {*RULES[catalogue[number].type].required, "posts" if number == 16 else "link"}
        order = Order.from_text(catalogue[number], {name: FIELDS[name] for name in needed})
        catalogue.check(order)
        await client.add(order)
    assert panel.ledger[0].charge == catalogue.cost(order)
