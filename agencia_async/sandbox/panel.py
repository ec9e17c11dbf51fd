"""The mock panel: takes a form, returns a reply, and records every executed write in the ledger."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Context, Decimal, Inexact, localcontext
from functools import cached_property
from random import Random
from types import MappingProxyType
from typing import Final

from agencia_async.sandbox.account import Account
from agencia_async.sandbox.actions import Actions
from agencia_async.sandbox.asgi import Application
from agencia_async.sandbox.catalogue import ListedService, catalogue
from agencia_async.sandbox.dialects import dialect_of
from agencia_async.sandbox.faults import FAULTS, Answer, Faults
from agencia_async.sandbox.ids import Id, numbering
from agencia_async.sandbox.ledger import LedgerEntry, Request, StatementEntry
from agencia_async.sandbox.limits import limits
from agencia_async.sandbox.refusals import RefusalQueue
from agencia_async.sandbox.repeats import Repeats
from agencia_async.sandbox.reply import PanelReply, RefusedError

REQUESTS_KEPT: Final = 10_000

_NO_REPLY = PanelReply(200, (), b"")
_EXACT = Context(prec=100, traps=[Inexact])  # an amount that has to be rounded is a bug of the panel


class Panel:
    """A local mock panel that implements the SMM panel API v2.

    Args:
        key: the API key that it accepts.
        seed: the random seed; the same seed, clock and requests give the same replies.
        clock: a function that returns the time in seconds, from any origin; by default `time.monotonic`.
        balance: the initial balance of the account.
        currency: the currency of all prices.
        batch_limit: the maximum number of ids per request; a request with more fails.
        pending: seconds from the `add` until an order starts, at random between the two. A cancellation
            takes effect, and a refill starts, after such a time as well.
        progress: seconds that an order or a refill takes once it has started, at random between the two.
        dialect: the name of a dialect in `DIALECTS`, which describes each; an unknown name raises
            `ValueError`. The same requests have the same effect in every dialect, except that "truncating",
            "silent", "spoilt", "single" and "required" do not execute what they ignore or reject, and that
            "extended" numbers cancellations. Faults do not depend on the dialect.
        idempotency_field: the form field by which it recognises a retried `add`, as a few panels do; None for
            no such field. The same value with the same fields gets the first reply and buys nothing; with
            different fields, it is rejected. A rejected `add` does not use up its value. An empty name, or
            the name of a field of the API, raises `ValueError`.
        ids: the format of the ids of orders and refills: "integer", "hex" (24 digits), "uuid" or "ulid";
            others raise `ValueError`. The ids depend on the seed only.
        unknown_for: seconds for which a new order is still answered with "Incorrect order ID", >= 0.
        rate_limit: the maximum number of requests in a sliding window: "60/min", "2/s", "100/hour",
            "10/30s". More are answered with 429 and a `Retry-After`, in the dialect.
        limit_req: the limit of an nginx in front of the panel, as in its `limit_req` with `nodelay`: "10r/s",
            "30r/m burst=20". More are answered with 503 and nginx's HTML page, in any dialect.

    90 % of the orders end as Completed, 6 % as Partial and 4 % as Canceled; the undelivered part is refunded
    at the end. A drip-feed starts a run every `interval` minutes of the clock. A subscription is charged for
    all its posts when it is placed; without `posts`, it gets 5 new ones. The account that it follows posts
    once a minute. Its `expiry` is returned but has no effect.

    Attributes:
        key, currency, dialect, idempotency_field: as given.
        faults: the `Faults` to inject into requests over HTTP; none by default.
        ledger: the executed writes, a list of `LedgerEntry`.
        statement: the changes of the balance, a list of `StatementEntry`.
        requests: the last 10,000 received requests, each with its `action`, `ids`, `form` and `fault`.
        received: how many requests were received in total.
        url: its URL while it is served, otherwise None.
    """

    def __init__(  # noqa: PLR0913, each is a property of panels that users must meet
        self,
        key: str = "sandbox-key",
        *,
        seed: int = 1,
        clock: Callable[[], float] = time.monotonic,
        balance: Decimal = Decimal(1000),
        currency: str = "USD",
        batch_limit: int = 100,
        pending: tuple[float, float] = (0.0, 5.0),
        progress: tuple[float, float] = (10.0, 60.0),
        dialect: str = "document",
        idempotency_field: str | None = None,
        ids: str = "integer",
        unknown_for: float = 0.0,
        rate_limit: str | None = None,
        limit_req: str | None = None,
    ) -> None:
        self.key = key
        self.currency = currency
        self.dialect = dialect
        self.idempotency_field = idempotency_field
        self.faults: Faults = Faults()
        self.requests: deque[Request] = deque(maxlen=REQUESTS_KEPT)
        self.received: int = 0
        self.url: str | None = None
        self._clock = clock
        self._dialect = dialect_of(dialect)
        self._limits = limits(clock, rate_limit, limit_req)
        self._refusals = RefusalQueue()
        self._fault_random = Random(f"{seed} faults")
        self._account = Account(
            balance, currency, Random(f"{seed} orders"), pending, progress, numbering(ids, seed), unknown_for
        )
        services = {str(service.service): service for service in catalogue(Random(f"{seed} catalogue"))}
        repeats = Repeats(idempotency_field)
        self._actions = Actions(self._account, services, batch_limit, self._dialect, repeats)
        self.ledger: list[LedgerEntry] = self._actions.ledger
        self.statement: list[StatementEntry] = self._account.statement

    @property
    def balance(self) -> Decimal:
        """The current balance, including all refunds due."""
        with localcontext(_EXACT):
            self._settle()
            return self._account.balance

    @property
    def rate_limited(self) -> int:
        """How many requests `rate_limit` or `limit_req` has rejected."""
        return self._limits.rejected

    @property
    def catalogue(self) -> tuple[ListedService, ...]:
        """The available services."""
        return tuple(self._actions.services.values())

    def change_price(self, service: int | str, rate: Decimal) -> None:
        """Change the price of `service` to `rate`: per 1,000, or of one package.

        Existing orders keep their price. Raises `KeyError` if the service is unknown, `ValueError` if
        the rate is negative or not finite.
        """
        if not rate.is_finite() or rate.is_signed():
            raise ValueError(f"rate must be a finite number >= 0, got {rate}")
        services = self._actions.services
        services[str(service)] = replace(services[str(service)], rate=rate)

    def disable_service(self, service: int | str) -> None:
        """Remove `service` from the catalogue; its orders continue. Raises `KeyError` if it is unknown."""
        del self._actions.services[str(service)]

    def refuse(self, action: str, text: str, *, times: int = 1, status: int = 200) -> None:
        """Refuse the next `times` requests of `action` with this text and HTTP status; nothing is executed.

        The text is sent in the dialect's error format. Refusals of one action are used up in the order in
        which they were set, by requests with the right key. Raises `ValueError` for an unknown action, a
        blank text, `times` below 1, or a status that is neither 200 nor from 400 to 599.
        """
        self._refusals.add(action, text, times, status)

    def assert_placed_once(self, **fields: object) -> LedgerEntry:
        """Assert that exactly one `add` with these fields (`link="..."`) was executed; returns its entry.

        Without fields, it counts every executed `add`. Raises `AssertionError` if none or several were
        executed; its text lists the placed orders.
        """
        wanted = {name: str(value) for name, value in fields.items()}
        placed = [entry for entry in self.ledger if entry.action == "add"]
        found = [entry for entry in placed if wanted.items() <= dict(entry.fields).items()]
        if len(found) != 1:
            all_of_them = "".join(f"\n  order {entry.order}: {dict(entry.fields)}" for entry in placed)
            raise AssertionError(f"{len(found)} orders with {wanted}; placed were:{all_of_them or ' none'}")
        return found[0]

    def set_state(self, order: int | str, state: str) -> None:
        """Set the state of an order, in any spelling; it keeps the state until it is set again.

        "Completed" means that all is delivered, "Partial" half, "Canceled", "Refunded", "Failed" and
        "Pending" nothing; in all other states, what has been delivered by now. A final state refunds the
        rest ("Expired", too). For a drip-feed or a subscription, the state applies to its orders as well
        ("Expired" only to those that have not ended). Raises `KeyError` if the order is unknown,
        `ValueError` if the state is blank.
        """
        if not state.strip():
            raise ValueError(f"state must not be blank, got {state!r}")
        with localcontext(_EXACT):
            self._account.set_state(str(order), state, self._settle())

    def set_refill_state(self, refill: int | str, state: str) -> None:
        """Set the state of a refill, in any spelling. Raises `KeyError` if the refill is unknown."""
        self._account.refills[str(refill)].set_state = state

    @cached_property
    def asgi(self) -> Application:
        """The panel as an ASGI 3 application, which accepts POST on any path."""
        return Application(self.answer)

    def handle(self, form: Mapping[str, str]) -> PanelReply:
        """The reply to one form, without faults."""
        return self._act(form, self._note(form, None))

    def answer(self, form: Mapping[str, str]) -> Answer:
        """The reply to `form` as a client sees it, with faults."""
        action = form.get("action", "")
        name = self.faults.draw(action, self._fault_random)
        sent = self._note(form, name)
        delay = self.faults.delay(action, self._fault_random)
        if name is None:
            return Answer(self._act(form, sent), delay=delay)
        fault = FAULTS[name]
        reply = self._act(form, sent) if fault.acts else _NO_REPLY
        if fault.reply is not None:
            reply = fault.reply(self.faults, self._fault_random, self._dialect.error)
        return Answer(reply, fault.wire, delay, fault.behind)

    def seed_orders(self, count: int) -> list[Id]:
        """Create `count` orders that were placed in the past; returns their ids.

        They are for various services and in all states, without subscriptions and drip-feeds. They are
        neither in the ledger nor charged to the balance; future refunds are added to the balance.
        """
        services = [service for service in self.catalogue if service.type != "Subscriptions"]
        with localcontext(_EXACT):
            now = self._settle()
            return [self._account.seed_order(services, now).number for _ in range(count)]

    def expected_status(self, order: int | str) -> dict[str, object]:
        """What `status` would return for this order now. Raises `KeyError` if the order is unknown."""
        with localcontext(_EXACT):
            now = self._settle()
            return dict(self._account.orders[str(order)].status(now))

    def charge(self, order: int | str) -> Decimal:
        """The current charge of an order. Raises `KeyError` if the order is unknown.

        The charge of a drip-feed or a subscription is the sum of the charges of its orders, so the balance
        plus the charges of the orders in the ledger always equals the initial balance.
        """
        with localcontext(_EXACT):
            now = self._settle()
            return self._account.orders[str(order)].charge(now)

    def stock(self, count: int) -> list[Id]:
        """Deprecated alias of `seed_orders`, until 1.0."""
        return self.seed_orders(count)

    def truth(self, order: int | str) -> dict[str, object]:
        """Deprecated alias of `expected_status`, until 1.0."""
        return self.expected_status(order)

    def reprice(self, service: int | str, rate: Decimal) -> None:
        """Deprecated alias of `change_price`, until 1.0."""
        self.change_price(service, rate)

    def withdraw(self, service: int | str) -> None:
        """Deprecated alias of `disable_service`, until 1.0."""
        self.disable_service(service)

    def _settle(self) -> float:
        now = self._clock()
        self._account.settle(now)
        return now

    def _note(self, form: Mapping[str, str], fault: str | None) -> Mapping[str, str]:
        sent = MappingProxyType({name: value for name, value in form.items() if name != "key"})
        self.requests.append(Request(sent, fault))
        self.received += 1
        return sent

    def _act(self, form: Mapping[str, str], sent: Mapping[str, str]) -> PanelReply:
        rejection = self._limits.rejection(self._dialect.error)
        if rejection is not None:
            return rejection
        if form.get("key") != self.key:
            return self._dialect.error("Invalid API key")
        refusal = self._refusals.take(sent.get("action", ""))
        if refusal is not None:
            return self._dialect.error(refusal.text, refusal.status)
        with localcontext(_EXACT):
            try:
                return self._dialect.reply(sent, self._actions.perform(sent, self._settle()))
            except RefusedError as refused:
                return self._dialect.error(refused.text)
