"""The rules: what an error text is about, and what it says of that, decides its class.

Of each sentence the first rule that applies counts, and of a text its first sentence that has one. The rules
know concepts and no words, so what holds in one language holds in all.
"""

from attrs import field, frozen

from agencia_async._protocol.refusal_text import Clause
from agencia_async.errors import (
    AuthenticationError,
    DuplicateOrderError,
    InsufficientFundsError,
    InvalidOrderError,
    InvalidServiceError,
    NotAllowedError,
    NotFoundError,
    PanelError,
    RateLimitedError,
    UnavailableError,
)


def _concepts(text: str) -> Clause:
    return frozenset(text.split())


def _groups(texts: tuple[str, ...]) -> tuple[Clause, ...]:
    return tuple(map(_concepts, texts))


@frozen
class _Rule:
    """A sentence with one concept of each group, and with none of `without`, is an error of this kind.

    `only` are the actions for which that holds (all, if empty), `but` those for which it does not.
    """

    kind: type[PanelError]
    groups: tuple[Clause, ...] = field(converter=_groups)
    without: Clause = field(default="", converter=_concepts)  # pyright: ignore[reportAssignmentType] - converted
    only: Clause = field(default="", converter=_concepts)  # pyright: ignore[reportAssignmentType]
    but: Clause = field(default="", converter=_concepts)  # pyright: ignore[reportAssignmentType]
    timed: bool = False

    def applies(self, clause: Clause, whole: Clause, action: str | None) -> bool:
        """Whether a sentence of a text with these concepts is such an error."""
        if (self.only and action not in self.only) or action in self.but:
            return False
        if self.timed and not whole & _TIME:
            return False
        return not clause & self.without and all(clause & group for group in self.groups)


_TIME = _concepts("period wait")
_REVERSAL = "refill refill_status cancel"
_MATTERS = (
    "service link field blank order refill cancel funds key account user api id action ordering provider"
    " request requests owned"
)
_FAILING = "doing failure fault happen unfinished"
_TOO_SOON = "already period per many wait rate done inactive active pending same duplicate recent bound"
_NOT_NOW = (
    "off cannot already unfinished ended active period per limit pending done doing recent inactive same"
)
_UNFIT = (
    "wrong missing unknown off barred enter bound limit many lacking low cannot inactive ended none neworder"
    " same period pending duplicate per not only"
)

_OWN_ACCOUNT = (
    _Rule(
        AuthenticationError, ("key", "wrong unknown missing ended barred enter inactive pending none denied")
    ),
    _Rule(AuthenticationError, ("key", "off cannot fault"), without="service link field order refill cancel"),
    _Rule(AuthenticationError, ("api", "denied barred"), without="service link field order"),
    _Rule(
        AuthenticationError,
        ("api", "off barred denied cannot inactive none pending", "account owned user your you"),
    ),
    _Rule(
        AuthenticationError,
        ("account", "barred inactive off pending unknown wrong ended denied cannot none"),
        without="service link field funds order id refill cancel private",
    ),
    _Rule(
        AuthenticationError,
        ("account user", "barred off inactive"),
        without="service link field funds bound limit many refill cancel private",
    ),
    _Rule(
        AuthenticationError,
        ("user", "pending unknown wrong none denied"),
        without="service link field funds order id",
        but="add",
    ),
    _Rule(AuthenticationError, ("ip", "barred off unknown wrong denied none inactive pending missing")),
    _Rule(AuthenticationError, ("email", "pending"), without="order link service"),
)
_FUNDS = (
    _Rule(PanelError, ("provider", "funds topup key account denied")),
    _Rule(InsufficientFundsError, ("topup",), without="refill cancel period"),
    _Rule(InsufficientFundsError, ("funds", "lacking low none limit bound refill enter")),
    _Rule(InsufficientFundsError, ("funds", "missing cannot off"), without="service link field"),
    _Rule(InsufficientFundsError, ("funds", "neworder")),
)
_RATE = (
    _Rule(RateLimitedError, ("rate",), without="refill cancel link same"),
    _Rule(
        RateLimitedError,
        ("requests", "many limit per period wait bound"),
        without="refill cancel link id active",
    ),
    _Rule(
        RateLimitedError,
        ("request", "many limit per"),
        without="refill cancel link id field done active already",
    ),
    _Rule(
        RateLimitedError,
        ("request", "wait bound"),
        without="refill cancel link id field done active already",
        timed=True,
        but=_REVERSAL,
    ),
)
_RATE_OF_ORDERS = (
    _Rule(
        RateLimitedError,
        ("request requests", "period"),
        without=f"refill cancel link id field service order done active already {_FAILING}",
        but=_REVERSAL,
    ),
    _Rule(
        RateLimitedError,
        ("order ordering", "many limit per rate wait bound"),
        without="field link service same already refill cancel id active done unfinished",
        timed=True,
        but=_REVERSAL,
    ),
)
_REFILL_OR_CANCEL = (
    _Rule(UnavailableError, ("refill cancel", "action", "wrong unknown off")),
    _Rule(
        NotFoundError, ("refill", "wrong unknown"), without="service able off done already unfinished limit"
    ),
    _Rule(NotFoundError, ("refill", "none"), only="refill_status"),
    _Rule(NotFoundError, ("refill cancel", "order id", "unknown wrong"), without="off already done"),
    _Rule(InvalidOrderError, ("refill cancel", "id field blank", "missing enter many")),
    _Rule(
        NotAllowedError,
        ("refill cancel", "off cannot none barred denied ended unfinished limit missing"),
        without="link topup",
    ),
    _Rule(
        NotAllowedError,
        ("refill cancel", f"{_TOO_SOON} doing only not"),
        without="link topup",
        but="add status refill_status",
    ),
    _Rule(NotAllowedError, ("service", "off inactive ended"), only="refill cancel"),
    _Rule(
        NotAllowedError,
        ("request requests", "already active pending same duplicate"),
        without="order link many",
        but="add",
    ),
    _Rule(
        NotAllowedError, ("order", "unfinished"), without="link service active same field neworder", but="add"
    ),
    _Rule(
        NotAllowedError,
        ("order", "done", "already bound period recent"),
        without="link service same duplicate active field",
        but="add",
    ),
)
_DUPLICATE = (
    _Rule(DuplicateOrderError, ("duplicate",), without="field"),
    _Rule(DuplicateOrderError, ("same", "order link"), without="field wrong off bound many"),
    _Rule(
        DuplicateOrderError,
        ("already", "order link"),
        without="field done wrong off unfinished unknown barred private cannot",
    ),
    _Rule(DuplicateOrderError, ("already", "service", "order active"), without="off done wrong"),
    _Rule(DuplicateOrderError, ("already", "request"), only="add"),
    _Rule(
        DuplicateOrderError,
        ("active pending unfinished", "order", "link service this"),
        without="inactive limit many bound off field",
    ),
    _Rule(
        DuplicateOrderError,
        ("link service this", "period recent", "order"),
        without="off wrong field done unfinished unknown",
    ),
    _Rule(
        DuplicateOrderError,
        ("link service", "period", "wait per already rate"),
        without="off wrong field unknown barred bound",
    ),
    _Rule(DuplicateOrderError, ("link", "wait rate"), without="off wrong field unknown barred bound private"),
)
_ORDER = (
    _Rule(InvalidOrderError, ("private public",), without="key service funds refill cancel"),
    _Rule(
        InvalidOrderError,
        ("foreign", "unknown wrong barred missing off ended"),
        without="service key funds account order",
    ),
    _Rule(
        InvalidOrderError,
        ("link field", _UNFIT),
        without="action",
    ),
    _Rule(
        InvalidOrderError,
        ("bound", "wrong missing enter unknown"),
        without="order id done requests request funds",
    ),
    _Rule(
        InvalidOrderError,
        ("blank", "wrong missing bound limit many enter off unknown"),
        without="action service key",
    ),
    _Rule(InvalidOrderError, ("user", "unknown wrong none barred"), only="add"),
    _Rule(InvalidOrderError, ("order id", "many limit bound"), without="service done"),
)
_SERVICE = (
    _Rule(
        InvalidServiceError,
        (
            "service",
            "wrong missing unknown off barred inactive enter ended none cannot neworder pending denied limit",
        ),
    ),
)
_ORDER_ID = (
    _Rule(InvalidOrderError, ("order id", "missing enter")),
    _Rule(NotFoundError, ("order id", "wrong unknown none"), without="ordering off action"),
    _Rule(
        NotAllowedError, ("order", "inactive cannot off ended barred done doing only"), only="refill cancel"
    ),
    _Rule(NotAllowedError, ("order", "inactive")),
)
_UNAVAILABLE = (
    _Rule(
        UnavailableError,
        (
            "action api request requests",
            "wrong unknown off missing none inactive barred cannot ended pending",
        ),
        without="doing happen",
    ),
    _Rule(UnavailableError, ("ordering order", "off barred inactive ended"), without="account"),
)

STRONG = (
    _Rule(UnavailableError, ("maintenance",)),
    _Rule(InvalidOrderError, ("reused",)),
    *_FUNDS,
    *_RATE,
    *_REFILL_OR_CANCEL,
    *_DUPLICATE,
    *_RATE_OF_ORDERS,
    *_OWN_ACCOUNT,
    *_ORDER,
    *_SERVICE,
    *_ORDER_ID,
    *_UNAVAILABLE,
)
"""The rules for a sentence that names what it is about."""

WEAK = (
    _Rule(AuthenticationError, ("denied",), without=f"{_MATTERS} this"),
    _Rule(AuthenticationError, ("you", "barred"), without=_MATTERS),
    _Rule(
        NotAllowedError,
        (_NOT_NOW,),
        without="service link field funds key account failure fault",
        only="refill cancel",
    ),
    _Rule(RateLimitedError, ("wait", "period"), without=f"{_MATTERS} failure fault unfinished off"),
    _Rule(RateLimitedError, ("many", "period wait"), without=f"{_MATTERS} failure fault"),
    _Rule(InvalidOrderError, ("link field", "fault"), without="happen doing system failure cannot"),
    _Rule(InvalidOrderError, ("link field",), without="happen doing system failure fault cannot", only="add"),
    _Rule(InsufficientFundsError, ("funds", "fault"), without="happen doing system failure cannot provider"),
    _Rule(InvalidServiceError, ("service", "fault"), without="happen doing system failure cannot provider"),
    _Rule(
        InvalidOrderError,
        ("bound", "figure"),
        without="failure fault request requests funds account",
        but="status refill_status",
    ),
    _Rule(
        InvalidOrderError,
        ("bound", "limit many"),
        without="failure fault request requests funds account",
        but="status refill_status",
    ),
    _Rule(
        InvalidOrderError,
        ("missing",),
        without="account user your owned failure fault",
        but="status refill_status",
    ),
    _Rule(UnavailableError, ("off",), without=f"{_MATTERS} you failure fault", but="status refill_status"),
)
"""The rules for a text of which no sentence names what it is about."""

LINK_IN_USE = (
    _Rule(
        DuplicateOrderError,
        ("active pending unfinished happen", "link"),
        without="inactive off fault recent period",
    ),
    _Rule(DuplicateOrderError, ("done", "wait", "link"), without="recent period"),
    _Rule(DuplicateOrderError, ("neworder", "duplicate", "link")),
)
"""What of these errors says that an order for the link runs, and not that this order was placed before."""
