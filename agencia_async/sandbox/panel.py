"""The panel: a form goes in, a reply comes out, and nothing else happens but what the ledger tells."""

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
from agencia_async.sandbox.ledger import LedgerEntry, Request
from agencia_async.sandbox.repeats import Repeats
from agencia_async.sandbox.reply import PanelReply, RefusedError

REQUESTS_KEPT: Final = 10_000

_NO_REPLY = PanelReply(200, (), b"")
_EXACT = Context(prec=100, traps=[Inexact])  # money that would have to be rounded is an error of the panel


class Panel:
    """A panel of your own that speaks the SMM panel API v2, and does nothing but count.

    Args:
        key: the API key that it accepts.
        seed: what it draws from; the same seed, clock and requests give the same replies.
        clock: a function that tells the time in seconds, from any origin; `time.monotonic` unless given.
        balance: what the account holds at first.
        currency: of all its prices.
        batch_limit: how many ids one request may carry; with more it is refused as a whole.
        pending: seconds from the `add` until an order begins, drawn between the two. A cancellation takes
            effect and a refill begins after such a time too.
        progress: seconds that an order or a refill takes once it has begun, drawn between the two.
        dialect: the name of the accent in which it speaks, one of `DIALECTS`, which tells what each is
            like; an unknown name is a `ValueError`. Whatever the dialect, what happens on the panel is the
            same for the same requests, but that "truncating" and "spoilt" do not execute what they leave
            out or refuse. Faults come on top of it.
        idempotency_field: the field of `add` by which it recognises a repeat, as a few panels do; None for a
            panel that has none. The value of an order, sent again with the same fields, gets the first
            answer and buys nothing; with other fields it is refused. A refused `add` leaves its value free.
            A name that is empty or a field of the protocol is a `ValueError`.

    Of the orders 90 % end Completed, 6 % Partial and 4 % Canceled; what was not delivered is paid back when
    they end. A drip-feed begins a run each `interval` minutes of the clock. A subscription is charged for all
    its posts when it is placed; the account that it follows posts once a minute, 5 times where no number is
    given, and its `expiry` is told back but ends nothing, as the clock has no calendar.

    Attributes:
        key, currency, dialect, idempotency_field: as given.
        faults: the `Faults` that requests over a connection meet; none at first.
        ledger: what was really executed, a list of `LedgerEntry`.
        requests: the last 10,000 requests that arrived, each with its `action`, `ids`, `form` and `fault`.
        received: how many arrived altogether.
        url: where `serve` offers it, None while nobody does.
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
    ) -> None:
        self.key = key
        self.currency = currency
        self.dialect = dialect
        self.idempotency_field = idempotency_field
        self.faults = Faults()
        self.requests: deque[Request] = deque(maxlen=REQUESTS_KEPT)
        self.received = 0
        self.url: str | None = None
        self._clock = clock
        self._speech = dialect_of(dialect)
        self._weather = Random(f"{seed} faults")
        self._account = Account(balance, currency, Random(f"{seed} orders"), pending, progress)
        services = {str(service.service): service for service in catalogue(Random(f"{seed} catalogue"))}
        repeats = Repeats(idempotency_field)
        self._actions = Actions(self._account, services, batch_limit, self._speech.takes, repeats)
        self.ledger: list[LedgerEntry] = self._actions.ledger

    @property
    def balance(self) -> Decimal:
        """What the account holds now, with the refunds that have fallen due."""
        with localcontext(_EXACT):
            self._settle()
            return self._account.balance

    @property
    def catalogue(self) -> tuple[ListedService, ...]:
        """The services on sale now."""
        return tuple(self._actions.services.values())

    def reprice(self, service: int | str, rate: Decimal) -> None:
        """Sell `service` at `rate` from now on: the price of 1,000, or of one package.

        What was ordered before keeps its price. A service that is not on sale is a `KeyError`, a rate that is
        negative or not finite a `ValueError`.
        """
        if not rate.is_finite() or rate.is_signed():
            raise ValueError(f"a rate is a finite number from 0, not {rate}")
        services = self._actions.services
        services[str(service)] = replace(services[str(service)], rate=rate)

    def withdraw(self, service: int | str) -> None:
        """Take `service` off the catalogue; its orders go on. A `KeyError` if it is not on sale."""
        del self._actions.services[str(service)]

    @cached_property
    def asgi(self) -> Application:
        """The panel as an ASGI 3 application, which answers POST on any path."""
        return Application(self.answer)

    def handle(self, form: Mapping[str, str]) -> PanelReply:
        """The reply to the fields of one request, without faults."""
        return self._act(form, self._note(form, None))

    def answer(self, form: Mapping[str, str]) -> Answer:
        """What a caller gets to see of the reply to `form`, faults included."""
        action = form.get("action", "")
        name = self.faults.draw(action, self._weather)
        sent = self._note(form, name)
        delay = self.faults.delay(action, self._weather)
        if name is None:
            return Answer(self._act(form, sent), delay=delay)
        fault = FAULTS[name]
        reply = self._act(form, sent) if fault.acts else _NO_REPLY
        if fault.reply is not None:
            reply = fault.reply(self.faults, self._weather, self._speech.refusal)
        return Answer(reply, fault.wire, delay)

    def stock(self, count: int) -> list[int]:
        """Put `count` orders on the panel that were paid for earlier, and give their ids.

        They are of various services and in every stage of life, but no subscriptions or drip-feeds. Neither
        the ledger nor the balance knows of them; what is refunded on them from now on goes to the balance.
        """
        services = [service for service in self.catalogue if service.type != "Subscriptions"]
        with localcontext(_EXACT):
            now = self._settle()
            return [self._account.stock(services, now).number for _ in range(count)]

    def truth(self, order: int | str) -> dict[str, object]:
        """What the action `status` would tell of this order now; a `KeyError` if unknown."""
        with localcontext(_EXACT):
            now = self._settle()
            return dict(self._account.orders[str(order)].status(now))

    def charge(self, order: int | str) -> Decimal:
        """What this order costs now, for any kind of order; a `KeyError` if unknown.

        The charge of a drip-feed or a subscription is the sum of the charges of its orders, so that the
        balance and the charges of the orders in the ledger always come to what the account held at first.
        """
        with localcontext(_EXACT):
            now = self._settle()
            return self._account.orders[str(order)].charge(now)

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
        if form.get("key") != self.key:
            return self._speech.refusal("Invalid API key")
        with localcontext(_EXACT):
            try:
                return self._speech.reply(sent, self._actions.perform(sent, self._settle()))
            except RefusedError as refused:
                return self._speech.refusal(refused.text)
