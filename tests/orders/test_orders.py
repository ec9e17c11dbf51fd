import copy
import pickle
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

import agencia_async
from agencia_async import (
    CommentLikesOrder,
    CommentRepliesOrder,
    ConfigurationError,
    CustomCommentsOrder,
    CustomCommentsPackageOrder,
    DefaultOrder,
    InvalidInputError,
    InvitesFromGroupsOrder,
    MentionsCustomListOrder,
    MentionsHashtagOrder,
    MentionsMediaLikersOrder,
    MentionsOrder,
    MentionsUserFollowersOrder,
    MentionsWithHashtagsOrder,
    Order,
    PackageOrder,
    PollOrder,
    RawOrder,
    SeoOrder,
    Service,
    SubscriptionsOrder,
    WebTrafficOrder,
)

LINK = "https://example.com/p/1"


@pytest.mark.parametrize(
    ("order", "form"),
    [
        (
            DefaultOrder(service=1, link=LINK, quantity=1000),
            {"service": "1", "link": LINK, "quantity": "1000"},
        ),
        (
            DefaultOrder(service="a1", link=LINK, quantity=5, runs=2, interval=60, extra={"country": "BR"}),
            {
                "service": "a1",
                "link": LINK,
                "quantity": "5",
                "runs": "2",
                "interval": "60",
                "country": "BR",
            },
        ),
        (PackageOrder(service=2, link=LINK), {"service": "2", "link": LINK}),
        (
            CustomCommentsOrder(service=3, link=LINK, comments=["nice", "great 👩‍🚀"]),
            {"service": "3", "link": LINK, "comments": "nice\ngreat 👩‍🚀"},
        ),
        (
            CustomCommentsOrder(service=3, link=LINK, comments="nice\r\ngreat", quantity=2),
            {"service": "3", "link": LINK, "comments": "nice\ngreat", "quantity": "2"},
        ),
        (RawOrder(4, {"username": "someone", "x": ""}), {"service": "4", "username": "someone", "x": ""}),
        (RawOrder(4, {"a": "1"}, extra={"b": "2"}), {"service": "4", "a": "1", "b": "2"}),
    ],
)
def test_an_order_is_sent_as_its_fields(order: Order, form: dict[str, str]) -> None:
    assert order.form() == form
    assert pickle.loads(pickle.dumps(order)) == copy.deepcopy(order) == order


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "1000", True, None])
def test_a_quantity_is_a_whole_number_of_at_least_one(quantity: object) -> None:
    with pytest.raises(ConfigurationError, match="quantity must be an integer >= 1"):
        DefaultOrder(service=1, link=LINK, quantity=quantity)  # type: ignore[arg-type]


@pytest.mark.parametrize("drip", [{"runs": 2}, {"interval": 5}])
def test_a_drip_feed_needs_both_of_its_fields(drip: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="drip-feed requires both runs and interval"):
        DefaultOrder(service=1, link=LINK, quantity=10, **drip)  # type: ignore[arg-type]


@pytest.mark.parametrize("link", ["", "  ", "a\nb", None, 5])
def test_a_link_is_one_line_of_text(link: object) -> None:
    with pytest.raises(ConfigurationError, match="link"):
        PackageOrder(service=1, link=link)  # type: ignore[arg-type]


@pytest.mark.parametrize("comments", [[], "", ["ok", ""], ["a\nb"], ["a\u2028b"], [5]])
def test_comments_are_lines_of_text(comments: object) -> None:
    with pytest.raises(ConfigurationError, match="comments"):
        CustomCommentsOrder(service=1, link=LINK, comments=comments)  # type: ignore[arg-type]


@pytest.mark.parametrize("service", ["", "1,2", "1 2", None])
def test_a_service_is_an_id(service: object) -> None:
    with pytest.raises(ConfigurationError, match="id"):
        PackageOrder(service=service, link=LINK)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["key", "action", "service"])
def test_a_further_field_replaces_none_of_the_protocols(name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        RawOrder(1, {name: "x"})


@pytest.mark.parametrize(
    "name", [" quantity", "quantity ", "\u00a0key", "\tkey", "a\nb", "a\0", "a\x7fb", " "]
)
def test_the_name_of_a_further_field_is_what_the_panel_reads(name: str) -> None:
    with pytest.raises(ConfigurationError, match="no blanks around its name and no control"):
        DefaultOrder(service=1, link=LINK, quantity=10, extra={name: "99999"})
    with pytest.raises(ConfigurationError, match="no blanks around its name and no control"):
        RawOrder(1, {name: "99999"})
    assert RawOrder(1, {"a b": " x\n"}).form()["a b"] == " x\n"


def test_further_fields_are_text() -> None:
    with pytest.raises(ConfigurationError, match="extra fields must be str"):
        RawOrder(1, {"quantity": 5})  # type: ignore[dict-item]


def test_an_order_cannot_be_changed_from_outside() -> None:
    fields = {"a": "1"}
    order = RawOrder(1, fields)
    fields["a"] = "2"
    assert order.form() == {"service": "1", "a": "1"}
    assert hash(order) == hash(RawOrder(1, {"a": "1"}))


@pytest.mark.parametrize(
    "make", [lambda: PackageOrder(service=1, link="a\udcff"), lambda: RawOrder(1, {"a": "\ud800"})]
)
def test_half_a_character_cannot_be_sent(make: Callable[[], Order]) -> None:
    with pytest.raises(ConfigurationError, match="lone surrogate"):
        make()


def test_an_extra_field_replaces_none_of_the_orders_own() -> None:
    with pytest.raises(ConfigurationError, match="extra must not contain 'quantity'"):
        DefaultOrder(service=1, link=LINK, quantity=10, extra={"quantity": "99999"})


BASE: dict[str, Any] = {"service": 9, "link": LINK}
SENT = {"service": "9", "link": LINK}
TRAFFIC: dict[str, Any] = {**BASE, "quantity": 5, "country": "US", "device": 5}
SUBSCRIPTION: dict[str, Any] = {"service": 9, "username": "someone", "min": 10, "max": 20, "delay": 30}


@pytest.mark.parametrize(
    ("order", "further"),
    [
        (CustomCommentsPackageOrder(**BASE, comments="a\nb"), {"comments": "a\nb"}),
        (SeoOrder(**BASE, quantity=5, keywords=["x y", "z"]), {"quantity": "5", "keywords": "x y\nz"}),
        (MentionsOrder(**BASE, quantity=5, usernames=["a", "b"]), {"quantity": "5", "usernames": "a\nb"}),
        (
            MentionsWithHashtagsOrder(**BASE, quantity=5, usernames=["a"], hashtags=["x", "y"]),
            {"quantity": "5", "usernames": "a", "hashtags": "x\ny"},
        ),
        (MentionsCustomListOrder(**BASE, usernames=["a", "b"]), {"usernames": "a\nb"}),
        (MentionsHashtagOrder(**BASE, quantity=5, hashtag="x"), {"quantity": "5", "hashtag": "x"}),
        (MentionsUserFollowersOrder(**BASE, quantity=5, username="a"), {"quantity": "5", "username": "a"}),
        (MentionsMediaLikersOrder(**BASE, quantity=5, media=LINK), {"quantity": "5", "media": LINK}),
        (CommentLikesOrder(**BASE, quantity=5, username="a"), {"quantity": "5", "username": "a"}),
        (CommentRepliesOrder(**BASE, username="a", comments=["b"]), {"username": "a", "comments": "b"}),
        (PollOrder(**BASE, quantity=5, answer_number=2), {"quantity": "5", "answer_number": "2"}),
        (InvitesFromGroupsOrder(**BASE, quantity=5, groups=["a"]), {"quantity": "5", "groups": "a"}),
        (
            WebTrafficOrder(**TRAFFIC, type_of_traffic=1, google_keyword="shoes", runs=2, interval=60),
            {
                "quantity": "5",
                "country": "US",
                "device": "5",
                "type_of_traffic": "1",
                "google_keyword": "shoes",
                "runs": "2",
                "interval": "60",
            },
        ),
        (
            WebTrafficOrder(**TRAFFIC, type_of_traffic=2, referring_url=LINK),
            {"quantity": "5", "country": "US", "device": "5", "type_of_traffic": "2", "referring_url": LINK},
        ),
        (
            WebTrafficOrder(**TRAFFIC, type_of_traffic=3),
            {"quantity": "5", "country": "US", "device": "5", "type_of_traffic": "3"},
        ),
    ],
)
def test_every_type_sends_its_fields(order: Order, further: dict[str, str]) -> None:
    assert order.form() == SENT | further


def test_a_subscription_sends_its_fields() -> None:
    order = SubscriptionsOrder(**SUBSCRIPTION, posts=5, old_posts=0, expiry=date(2026, 1, 31))
    assert order.form() == {
        "service": "9",
        "username": "someone",
        "min": "10",
        "max": "20",
        "delay": "30",
        "posts": "5",
        "old_posts": "0",
        "expiry": "31/01/2026",
    }
    assert "posts" not in SubscriptionsOrder(**SUBSCRIPTION).form()


@pytest.mark.parametrize(
    ("kind", "given", "fault"),
    [
        (SubscriptionsOrder, SUBSCRIPTION | {"delay": 7}, "delay must be one of 0, 5, 10, 15, 30, 60"),
        (SubscriptionsOrder, SUBSCRIPTION | {"delay": True}, "delay must be one of"),
        (SubscriptionsOrder, SUBSCRIPTION | {"min": 30}, "min must be <= max, got min=30, max=20"),
        (SubscriptionsOrder, SUBSCRIPTION | {"posts": 0}, "posts must be an integer >= 1"),
        (SubscriptionsOrder, SUBSCRIPTION | {"old_posts": -1}, "old_posts must be an integer"),
        (SubscriptionsOrder, SUBSCRIPTION | {"expiry": "31/01/2026"}, "expiry must be a datetime.date"),
        (WebTrafficOrder, TRAFFIC | {"type_of_traffic": 1}, "missing field: google_keyword"),
        (WebTrafficOrder, TRAFFIC | {"type_of_traffic": 2}, "missing field: referring_url"),
        (WebTrafficOrder, TRAFFIC | {"type_of_traffic": 4}, "type_of_traffic must be one of 1, 2, 3"),
        (
            WebTrafficOrder,
            TRAFFIC | {"type_of_traffic": 3, "device": 0},
            "device must be one of 1, 2, 3, 4, 5",
        ),
        (
            WebTrafficOrder,
            TRAFFIC | {"type_of_traffic": 3, "runs": 2},
            "drip-feed requires both runs and interval",
        ),
        (PollOrder, BASE | {"quantity": 5, "answer_number": 0}, "answer_number must be an integer"),
        (MentionsOrder, BASE | {"quantity": 5, "usernames": ["a\nb"]}, "usernames contains a line break"),
        (SeoOrder, BASE | {"quantity": 5, "keywords": []}, "keywords must not be empty"),
    ],
)
def test_fields_that_will_not_do_are_named(kind: type[Order], given: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigurationError, match=fault):
        kind(**given)


MENTIONS = {"link": LINK, "quantity": 5, "usernames": "a", "hashtags": "b"}
VISITS = {"link": LINK, "quantity": 5, "country": "US", "device": 1, "type_of_traffic": 3}


def of_type(spelt: str) -> Service:
    return Service(service=9, type=spelt, rate=Decimal(1))


@pytest.mark.parametrize(
    ("spelt", "kind", "given"),
    [
        ("Default", DefaultOrder, {"link": LINK, "quantity": 5}),
        ("default", DefaultOrder, {"link": LINK, "quantity": 5, "runs": 2, "interval": 5}),
        ("PACKAGE", PackageOrder, {"link": LINK}),
        ("custom_comments", CustomCommentsOrder, {"link": LINK, "comments": ["a"]}),
        ("Custom Comments Package", CustomCommentsPackageOrder, {"link": LINK, "comments": ["a"]}),
        ("Invites From Groups", InvitesFromGroupsOrder, {"link": LINK, "quantity": 5, "groups": ["a"]}),
        (
            "mentions-with-hashtags",
            MentionsWithHashtagsOrder,
            MENTIONS,
        ),
        ("SEO", SeoOrder, {"link": LINK, "quantity": 5, "keywords": "a", "extra": {"x": "y"}}),
        (
            "Web Traffic",
            WebTrafficOrder,
            VISITS,
        ),
    ],
)
def test_a_service_takes_the_order_of_its_type(spelt: str, kind: type[Order], given: dict[str, Any]) -> None:
    order = Order.for_service(of_type(spelt), **given)
    assert type(order) is kind
    assert order.service == 9


@pytest.mark.parametrize("spelt", ["Teleportation", "Raw", "", "_Dripped"])
def test_a_type_that_nobody_knows_takes_whatever_is_given(spelt: str) -> None:
    order = Order.for_service(
        of_type(spelt), link=LINK, quantity=5, words=("a", "b"), runs=None, interval=" "
    )
    assert order == RawOrder(9, {"link": LINK, "quantity": "5", "words": "a\nb"})


def test_what_is_missing_or_too_many_is_named() -> None:
    with pytest.raises(
        ConfigurationError, match="type 'Poll': missing field: answer_number, unexpected field: votes"
    ):
        Order.for_service(of_type("Poll"), link=LINK, quantity=5, votes=3)


def test_every_type_of_the_protocol_has_a_class() -> None:
    kinds = [name for name in agencia_async.__all__ if name.endswith("Order") and name != "Order"]
    assert len(kinds) == 17 + len(["RawOrder"])


@pytest.mark.parametrize(
    ("kind", "texts", "order"),
    [
        (
            "Default",
            {"link": LINK, "quantity": " 5 ", "runs": "", "interval": " "},
            DefaultOrder(service=9, link=LINK, quantity=5),
        ),
        (
            "Custom Comments",
            {"link": LINK, "comments": "Nice\nGreat", "quantity": "2"},
            CustomCommentsOrder(service=9, link=LINK, comments=["Nice", "Great"], quantity=2),
        ),
        (
            "Subscriptions",
            {"username": "bob", "min": "1", "max": "2", "delay": "0", "expiry": "31/12/2030"},
            SubscriptionsOrder(service=9, username="bob", min=1, max=2, delay=0, expiry=date(2030, 12, 31)),
        ),
        (
            "Subscriptions",
            {"username": "bob", "min": "1", "max": "2", "delay": "0", "expiry": "2030-12-31"},
            SubscriptionsOrder(service=9, username="bob", min=1, max=2, delay=0, expiry=date(2030, 12, 31)),
        ),
        ("Teleportation", {"where": "Mars", "when": ""}, RawOrder(9, {"where": "Mars"})),
    ],
)
def test_an_order_is_read_from_texts(kind: str, texts: dict[str, str], order: Order) -> None:
    assert Order.from_text(of_type(kind), texts) == order


@pytest.mark.parametrize("kind", ["Default", "Teleportation"])
def test_an_order_from_texts_takes_further_fields(kind: str) -> None:
    order = Order.from_text(of_type(kind), {"link": LINK, "quantity": "5"}, {"speed": "slow"})
    assert order.form() == {"service": "9", "link": LINK, "quantity": "5", "speed": "slow"}


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ({"link": LINK, "quantity": "1,000"}, "quantity must be an integer, got '1,000'"),
        ({"link": LINK, "quantity": "-5"}, "quantity must be an integer"),
        ({"link": LINK, "quantity": "²"}, "quantity must be an integer"),
        ({"link": LINK, "quantity": "007"}, "quantity must be an integer"),
        ({"link": LINK, "quantity": "9" * 5000}, "quantity must be an integer"),
        ({"link": LINK}, "missing field: quantity"),
        ({"link": LINK, "quantity": "5", "votes": "1"}, "unexpected field: votes"),
    ],
)
def test_a_text_that_is_no_field_is_named(texts: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        Order.from_text(of_type("Default"), texts)


def test_a_day_that_is_none_is_named() -> None:
    texts = {"username": "bob", "min": "1", "max": "2", "delay": "0", "expiry": "tomorrow"}
    with pytest.raises(ConfigurationError, match="expiry must be a date such as 31/12/2030 or 2030-12-31"):
        Order.from_text(of_type("Subscriptions"), texts)


@pytest.mark.parametrize(
    "order",
    [
        DefaultOrder(service=9, link=LINK, quantity=5, runs=2, interval=3, extra={"speed": "slow"}),
        CustomCommentsOrder(service="ab-1", link=LINK, comments=["Nice", "Great"]),
        SubscriptionsOrder(service=9, username="bob", min=1, max=2, delay=0, expiry=date(2030, 12, 31)),
        RawOrder(9, {"where": "Mars"}),
    ],
)
def test_an_order_is_restored_from_its_form(order: Order) -> None:
    assert Order.restored(type(order).__name__, order.form()) == order


@pytest.mark.parametrize("kind", ["DefaultOrder", "TeleportationOrder"])
def test_what_cannot_be_restored_is_a_raw_order_with_the_same_form(kind: str) -> None:
    form = {"service": "9", "link": LINK, "quantity": "many", "speed": "slow"}
    order = Order.restored(kind, form)
    assert isinstance(order, RawOrder)
    assert order.form() == form


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: DefaultOrder(service=1, link=" ", quantity=1), "link"),
        (lambda: DefaultOrder(service=1, link="a\nb", quantity=1), "link"),
        (lambda: DefaultOrder(service=1, link="\ud800", quantity=1), "link"),
        (lambda: DefaultOrder(service=1, link=LINK, quantity=0), "quantity"),
        (lambda: DefaultOrder(service="1,2", link=LINK, quantity=1), "service"),
        (lambda: DefaultOrder(service=1, link=LINK, quantity=1, runs=2), "interval"),
        (lambda: DefaultOrder(service=1, link=LINK, quantity=1, interval=2), "runs"),
        (lambda: DefaultOrder(service=1, link=LINK, quantity=1, extra={"link": "x"}), "link"),
        (lambda: DefaultOrder(service=1, link=LINK, quantity=1, extra={"key": "x"}), "key"),
        (lambda: DefaultOrder(service=1, link=LINK, quantity=1, extra={1: "x"}), None),  # type: ignore[dict-item]
        (lambda: CustomCommentsOrder(service=1, link=LINK, comments=[]), "comments"),
        (lambda: SubscriptionsOrder(service=1, username="a", min=2, max=1, delay=0), "min"),
        (lambda: SubscriptionsOrder(service=1, username="a", min=1, max=1, delay=7), "delay"),
        (
            lambda: SubscriptionsOrder(service=1, username="a", min=1, max=1, delay=0, expiry="x"),  # type: ignore[arg-type]
            "expiry",
        ),
        (
            lambda: WebTrafficOrder(
                service=1, link=LINK, quantity=1, country="TR", device=1, type_of_traffic=1
            ),
            "google_keyword",
        ),
        (
            lambda: Order.for_service(Service(service=1, type="Default", rate=Decimal(1)), link=LINK),
            "quantity",
        ),
        (
            lambda: Order.from_text(
                Service(service=1, type="Default", rate=Decimal(1)), {"link": LINK, "quantity": "many"}
            ),
            "quantity",
        ),
        (
            lambda: Order.from_text(
                Service(service=1, type="Subscriptions", rate=Decimal(1)),
                {"username": "a", "min": "1", "max": "2", "delay": "0", "expiry": "soon"},
            ),
            "expiry",
        ),
    ],
)
def test_a_wrong_field_is_named_as_such(make: Callable[[], Order], field: str | None) -> None:
    with pytest.raises(InvalidInputError) as caught:
        make()
    assert caught.value.field == field


@pytest.mark.parametrize("blank", ["", " ", None])
def test_an_order_is_made_of_the_texts_of_a_form(blank: str) -> None:
    followers = Service(service=1, type="Default", rate=Decimal(1))
    posts = Service(service=2, type="Subscriptions", rate=Decimal(1))
    assert Order.for_service(followers, link=LINK, quantity="1000", runs=blank) == DefaultOrder(
        service=1, link=LINK, quantity=1000
    )
    form = {"username": "a", "min": "1", "max": 2, "delay": "0", "expiry": "31/12/2030"}
    order = SubscriptionsOrder(service=2, username="a", min=1, max=2, delay=0, expiry=date(2030, 12, 31))
    assert Order.for_service(posts, **form) == order
    for wrong, field in [({"quantity": "1e3"}, "quantity"), ({"quantity": blank}, "quantity")]:
        with pytest.raises(InvalidInputError) as caught:
            Order.for_service(followers, **{"link": LINK, **wrong})
        assert caught.value.field == field


def test_an_order_is_made_of_plain_data() -> None:
    order = DefaultOrder(service="a1", link=LINK, quantity=5, extra={"ref": "x"})
    assert Order.from_dict(order.to_dict()) == order
    assert DefaultOrder.from_dict({"service": 1, "link": LINK, "quantity": "5"}).quantity == 5
    assert Order.from_dict({"type": "custom comments", "service": 1, "link": LINK, "comments": "a\nb"}) == (
        CustomCommentsOrder(service=1, link=LINK, comments=["a", "b"])
    )
    raw = RawOrder(4, {"username": "somebody"}, extra={"a": "b"})
    assert RawOrder.from_dict(raw.to_dict()) == Order.from_dict(raw.to_dict()) == raw


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (Order, {"service": 1}, "type must be the name of an order class, got None"),
        (Order, {"type": "Novel", "service": 1}, "type must be the name of an order class, got 'Novel'"),
        (PackageOrder, {"type": "DefaultOrder"}, "type must be 'PackageOrder', got 'DefaultOrder'"),
    ],
)
def test_plain_data_of_no_order_is_refused(kind: type[Order], given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        kind.from_dict(given)
    assert caught.value.field == "type"
