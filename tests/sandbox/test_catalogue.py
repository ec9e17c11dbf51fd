from random import Random

from agencia_async.sandbox.catalogue import SIZE, ListedService, catalogue
from agencia_async.sandbox.rules import RULES


def test_the_first_services_are_one_of_each_type_in_the_documents_order() -> None:
    services = catalogue(Random(1))
    assert [service.type for service in services[:17]] == list(RULES)
    assert catalogue(Random(2))[:17] == services[:17]


def test_the_first_row_is_the_documents_own() -> None:
    assert catalogue(Random(1))[0].row() == {
        "service": 1,
        "name": "Followers",
        "type": "Default",
        "category": "First Category",
        "rate": "0.90",
        "min": "50",
        "max": "10000",
        "refill": True,
        "cancel": True,
    }


def test_the_others_are_drawn_by_the_seed() -> None:
    assert catalogue(Random(1)) == catalogue(Random(1))
    assert catalogue(Random(1))[17:] != catalogue(Random(2))[17:]


def test_every_service_can_be_bought() -> None:
    services = catalogue(Random(1))
    assert [service.service for service in services] == list(range(1, SIZE + 1))
    assert all(0 < service.min <= service.max for service in services)
    assert all(service.rate > 0 for service in services)


def test_there_are_services_with_and_without_each_permission() -> None:
    services = catalogue(Random(1))

    def allowed(name: str, of: tuple[ListedService, ...]) -> set[bool]:
        return {getattr(service, name) for service in of}

    for name in ("refill", "cancel", "dripfeed"):
        assert allowed(name, services) == {True, False}
    assert len({service.category for service in services}) > 3
