import json
from decimal import Decimal
from typing import Any

import attrs
import pytest

from agencia_async import Catalogue, CatalogueChanges, Service, ServiceChange


def service(number: int | str = 1, rate: str = "0.90", **more: Any) -> Service:  # noqa: ANN401
    return Service(service=number, rate=Decimal(rate), **more)


def test_what_is_new_and_what_is_gone() -> None:
    old, new = Catalogue([service(1), service(2)]), Catalogue([service(3), service("1")])
    assert new.changes(old) == CatalogueChanges(added=(service(3),), gone=(service(2),))


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("price", {"rate": "0.91"}),
        ("limits", {"min": 5}),
        ("limits", {"max": 5}),
        ("flags", {"refill": True}),
        ("flags", {"cancel": False}),
        ("flags", {"dripfeed": True}),
        ("details", {"name": "x"}),
        ("details", {"type": "x"}),
        ("details", {"category": "x"}),
    ],
)
def test_what_changed_of_a_service(kind: str, more: dict[str, Any]) -> None:
    before, after = service(), service(**more)
    changes = Catalogue([after]).changes(Catalogue([before]))
    expected: Any = {kind: (ServiceChange(before, after),)}
    assert changes == attrs.evolve(CatalogueChanges(), **expected)
    assert changes


def test_the_same_price_in_other_digits_is_no_change() -> None:
    changes = Catalogue([service(rate="0.9")]).changes(Catalogue([service(rate="0.90")]))
    assert not changes
    assert changes == CatalogueChanges()


def test_changes_are_plain_data() -> None:
    changes = Catalogue([service(rate="1.20")]).changes(Catalogue([service()]))
    told = json.loads(json.dumps(changes.to_dict()))
    assert (told["price"][0]["old"]["rate"], told["price"][0]["new"]["rate"]) == ("0.90", "1.20")
    assert told["added"] == told["flags"] == []
