"""What changed between two catalogues of a panel."""

from collections.abc import Callable, Mapping

from attrs import fields_dict, frozen

from agencia_async._plain.record import Record
from agencia_async.models import Service


@frozen
class ServiceChange(Record):
    """A service that changed.

    Attributes:
        old: the service in the older catalogue.
        new: the service in the newer one.
    """

    old: Service
    new: Service


@frozen(kw_only=True)
class CatalogueChanges(Record):
    """What changed between an older and a newer catalogue; false if nothing did.

    A service can be in several of these.

    Attributes:
        added: services only in the newer catalogue.
        gone: services only in the older catalogue.
        price: services whose `rate` changed.
        limits: services whose `min` or `max` changed.
        flags: services whose `refill`, `cancel` or `dripfeed` changed.
        details: services whose `name`, `type` or `category` changed.
    """

    added: tuple[Service, ...] = ()
    gone: tuple[Service, ...] = ()
    price: tuple[ServiceChange, ...] = ()
    limits: tuple[ServiceChange, ...] = ()
    flags: tuple[ServiceChange, ...] = ()
    details: tuple[ServiceChange, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in fields_dict(CatalogueChanges))


_KINDS: dict[str, Callable[[Service], object]] = {
    "price": lambda service: service.rate,
    "limits": lambda service: (service.min, service.max),
    "flags": lambda service: (service.refill, service.cancel, service.dripfeed),
    "details": lambda service: (service.name, service.type, service.category),
}


def changes_of(old: Mapping[str, Service], new: Mapping[str, Service]) -> CatalogueChanges:
    """What changed between two catalogues, whose services are found by the keys of their ids."""
    both = [ServiceChange(old[key], service) for key, service in new.items() if key in old]
    changed = {
        kind: tuple(pair for pair in both if of(pair.old) != of(pair.new)) for kind, of in _KINDS.items()
    }
    return CatalogueChanges(
        added=tuple(service for key, service in new.items() if key not in old),
        gone=tuple(service for key, service in old.items() if key not in new),
        **changed,
    )
