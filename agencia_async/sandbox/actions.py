"""The seven actions: their effect on the account, and their replies in the documented format."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from agencia_async.sandbox.account import Account
from agencia_async.sandbox.catalogue import ListedService
from agencia_async.sandbox.dialect import DOCUMENTED, Dialect, Form
from agencia_async.sandbox.ids import Id
from agencia_async.sandbox.ledger import LedgerEntry
from agencia_async.sandbox.orders import PlacedOrder, Series
from agencia_async.sandbox.repeats import Repeats
from agencia_async.sandbox.reply import RefusedError
from agencia_async.sandbox.rules import purchase

_NOTHING_PAID: Final = Decimal(0)
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(slots=True)
class Actions:
    """The actions of the panel. A `RefusedError` rejects the whole request.

    `services` are the available ones by id; they may change. `dialect` determines which ids of a batch are
    processed, before the batch limit is checked, and what is told beyond the documented fields. `repeats`
    recognises retried `add` requests.
    """

    account: Account
    services: dict[str, ListedService]
    batch_limit: int
    dialect: Dialect = DOCUMENTED
    repeats: Repeats = field(default_factory=Repeats)
    ledger: list[LedgerEntry] = field(default_factory=list[LedgerEntry])

    def perform(self, form: Form, now: float) -> object:
        """Execute the action of `form`; the payload of the reply."""
        actions: dict[str, Callable[[Form, float], object]] = {
            "services": self._services,
            "balance": self._balance,
            "add": self._add,
            "status": self._status,
            "refill": self._refill,
            "refill_status": self._refill_status,
            "cancel": self._cancel,
        }
        action = actions.get(form.get("action", ""))
        if action is None:
            raise RefusedError("Incorrect request")
        return action(form, now)

    def _services(self, _: Form, __: float) -> object:
        return [service.row(with_dripfeed=self.dialect.is_extended) for service in self.services.values()]

    def _balance(self, _: Form, __: float) -> object:
        return {"balance": f"{self.account.balance:f}", "currency": self.account.currency}

    def _add(self, form: Form, now: float) -> object:
        return {"order": self.repeats.once(form, lambda: self._buy(form, now))}

    def _buy(self, form: Form, now: float) -> Id:
        service = self.services.get(form.get("service", "").strip())
        if service is None:
            raise RefusedError("Incorrect service ID")
        order = self.account.place(service, purchase(service, form), now)
        self._record(form, now, order, order.number, order.price)
        return order.number

    def _status(self, form: Form, now: float) -> object:
        if "orders" in form:
            status = self._status_of
            return {one: _or_error(status, one, now) for one in self._batch("order", form["orders"])}
        return self._status_of(_single(form, "order"), now)

    def _status_of(self, order: str, now: float) -> object:
        return self.account.order(order, now).status(now)

    def _refill(self, form: Form, now: float) -> object:
        def request(order: str, now: float) -> Id:
            refill = self.account.request_refill(order, now)
            self._record(form, now, self.account.orders[order], refill.number)
            return refill.number

        if "orders" in form:
            return self._rows("order", "refill", form["orders"], request, now)
        return {"refill": str(request(_single(form, "order"), now))}

    def _refill_status(self, form: Form, now: float) -> object:
        if "refills" in form:
            return self._rows("refill", "status", form["refills"], self._state_of_refill, now)
        return {"status": self._state_of_refill(_single(form, "refill"), now)}

    def _state_of_refill(self, refill: str, now: float) -> str:
        return self.account.refill(refill).state(now)

    def _cancel(self, form: Form, now: float) -> object:
        def request(order: str, now: float) -> Id:
            canceled = self.account.request_cancel(order, now)
            result = next(self.account.numbering.cancellations) if self.dialect.is_extended else 1
            self._record(form, now, canceled, result)
            return result

        if "orders" in form:
            return self._rows("order", "cancel", form["orders"], request, now)
        if self.dialect.has_batches:
            raise RefusedError("Incorrect request")
        return {"cancel": request(_single(form, "order"), now)}

    def _rows(
        self, of: str, result: str, joined: str, ask: Callable[[str, float], object], now: float
    ) -> list[dict[str, object]]:
        return [{of: _number(one), result: _or_error(ask, one, now)} for one in self._batch(of, joined)]

    def _batch(self, of: str, joined: str) -> list[str]:
        ids = self.dialect.selects(of, [one.strip() for one in joined.split(",")])
        if len(ids) > self.batch_limit:
            raise RefusedError(f"At most {self.batch_limit} ids are accepted at once")
        return ids

    def _record(
        self,
        form: Form,
        now: float,
        order: PlacedOrder | Series,
        result: Id,
        charge: Decimal = _NOTHING_PAID,
    ) -> None:
        entry = LedgerEntry(len(self.ledger) + 1, now, form["action"], order.number, result, charge, form)
        self.ledger.append(entry)


def _single(form: Form, name: str) -> str:
    return form.get(name, "").strip()


def _or_error(ask: Callable[[str, float], object], one: str, now: float) -> object:
    try:
        return ask(one, now)
    except RefusedError as refused:
        return {"error": refused.text}


def _number(sent: str) -> int | str:
    """An id as in the documented lists, a number; anything else is returned as it was sent."""
    return int(sent) if _NUMBER.fullmatch(sent) else sent
