import copy
import pickle
from collections.abc import Callable

import pytest

from agencia_async import ConfigurationError, CustomCommentsOrder, DefaultOrder, Order, PackageOrder, RawOrder

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
    with pytest.raises(ConfigurationError, match="quantity is a whole number of at least 1"):
        DefaultOrder(service=1, link=LINK, quantity=quantity)  # type: ignore[arg-type]


@pytest.mark.parametrize("drip", [{"runs": 2}, {"interval": 5}])
def test_a_drip_feed_needs_both_of_its_fields(drip: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="both runs and interval"):
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


def test_further_fields_are_text() -> None:
    with pytest.raises(ConfigurationError, match="text"):
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
    with pytest.raises(ConfigurationError, match="half a character"):
        make()


def test_an_extra_field_replaces_none_of_the_orders_own() -> None:
    with pytest.raises(ConfigurationError, match="'quantity' is a field of its own"):
        DefaultOrder(service=1, link=LINK, quantity=10, extra={"quantity": "99999"})
