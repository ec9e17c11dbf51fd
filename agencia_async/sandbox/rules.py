"""The required fields of an `add` by service type, as a table, and what it buys."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from agencia_async.sandbox.catalogue import ListedService
from agencia_async.sandbox.reply import RefusedError

MINUTE: Final = 60.0
POST_EVERY: Final = 60.0  # seconds between the posts of an account that a subscription follows
ENDLESS_POSTS: Final = 5  # number of posts of a subscription without a number

_WHOLE = re.compile(r"[0-9]{1,12}")
_MOST_RUNS = 1_000
_DELAYS = frozenset(map(str, (0, 5, 10, 15, *range(30, 601, 30))))  # minutes


@dataclass(frozen=True, slots=True)
class Rule:
    """The fields of one type; `counted` is the one that determines the quantity, "" for a package."""

    required: tuple[str, ...]
    counted: str = "quantity"
    optional: tuple[str, ...] = ()


_DRIP_FEED = ("runs", "interval")

RULES: Final[Mapping[str, Rule]] = {
    "Default": Rule(("link", "quantity"), optional=_DRIP_FEED),
    "Package": Rule(("link",), counted=""),
    "Custom Comments": Rule(("link", "comments"), counted="comments", optional=("quantity",)),
    "Custom Comments Package": Rule(("link", "comments"), counted=""),
    "SEO": Rule(("link", "quantity", "keywords")),
    "Mentions": Rule(("link", "quantity", "usernames")),
    "Mentions with Hashtags": Rule(("link", "quantity", "usernames", "hashtags")),
    "Mentions Custom List": Rule(("link", "usernames"), counted="usernames"),
    "Mentions Hashtag": Rule(("link", "quantity", "hashtag")),
    "Mentions User Followers": Rule(("link", "quantity", "username")),
    "Mentions Media Likers": Rule(("link", "quantity", "media")),
    "Comment Likes": Rule(("link", "quantity", "username")),
    "Comment Replies": Rule(("link", "username", "comments"), counted="comments"),
    "Poll": Rule(("link", "quantity", "answer_number")),
    "Invites from Groups": Rule(("link", "quantity", "groups")),
    "Subscriptions": Rule(
        ("username", "min", "max", "delay"), counted="posts", optional=("posts", "old_posts", "expiry")
    ),
    "Web Traffic": Rule(
        ("link", "quantity", "country", "device", "type_of_traffic"),
        optional=(*_DRIP_FEED, "google_keyword", "referring_url"),
    ),
}

# A field that is required by the value of another one.
_NEEDED_WITH: Final[Mapping[tuple[str, str], str]] = {
    ("type_of_traffic", "1"): "google_keyword",
    ("type_of_traffic", "2"): "referring_url",
}


@dataclass(frozen=True, slots=True)
class Purchase:
    """What an accepted `add` buys: an order of `low` to `high` units at each of `offsets`, in seconds."""

    shape: Literal["single", "drip-feed", "subscription"]
    low: int
    high: int
    offsets: tuple[float, ...] = (0.0,)
    posts: str | None = None
    expiry: str | None = None


def purchase(service: ListedService, form: Mapping[str, str]) -> Purchase:
    """What `form` buys of `service`; a `RefusedError` with a typical panel's message if it is invalid."""
    rule = RULES[service.type]
    fields = _checked(rule, form)
    if rule.counted == "posts":
        return _subscription(service, fields)
    if not rule.counted:
        return Purchase("single", 1, 1)
    units = _units(rule.counted, fields)
    _within(service, units, units)
    if "runs" in fields or "interval" in fields:
        return _drip_feed(service, units, fields)
    return Purchase("single", units, units)


def unit_price(service: ListedService) -> Decimal:
    """The price of one unit, exact: a thousandth of the rate, or the rate of a package."""
    return service.rate.scaleb(-3) if RULES[service.type].counted else service.rate


def _checked(rule: Rule, form: Mapping[str, str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name in (*rule.required, *rule.optional):
        value = form.get(name, "").strip()
        if value:
            _check(name, value)
            fields[name] = value
        elif name in rule.required:
            raise RefusedError(_is_required(name))
    for (name, value), needed in _NEEDED_WITH.items():
        if fields.get(name) == value and needed not in fields:
            raise RefusedError(_is_required(needed))
    return fields


def _is_required(name: str) -> str:
    return f"{_words(name).capitalize()} field is required"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _check(name: str, value: str) -> None:
    accepts = _ACCEPTS.get(name)
    if accepts is not None and not accepts(value):
        raise RefusedError("Bad link" if name == "link" else f"Incorrect {_words(name)}")


def _whole(lowest: int, highest: int = 10**12) -> Callable[[str], bool]:
    return lambda value: _WHOLE.fullmatch(value) is not None and lowest <= int(value) <= highest


def _has_no_blank(value: str) -> bool:
    return not any(map(str.isspace, value))


def _lines_have_no_blanks(value: str) -> bool:
    return all(_has_no_blank(line.strip()) for line in value.split("\n"))


def _is_date(value: str) -> bool:
    try:
        datetime.strptime(value, "%d/%m/%Y")  # noqa: DTZ007, only the form of a date is checked
    except ValueError:
        return False
    return True


_ACCEPTS: Final[Mapping[str, Callable[[str], bool]]] = {
    "link": _has_no_blank,
    "quantity": _whole(1),
    "runs": _whole(1, _MOST_RUNS),
    "interval": _whole(1),
    "min": _whole(1),
    "max": _whole(1),
    "delay": _DELAYS.__contains__,
    "posts": _whole(1, _MOST_RUNS),
    "old_posts": _whole(0, _MOST_RUNS),
    "expiry": _is_date,
    "answer_number": _whole(1),
    "device": _whole(1, 5),
    "type_of_traffic": _whole(1, 3),
    "username": _has_no_blank,
    "usernames": _lines_have_no_blanks,
    "hashtag": _has_no_blank,
    "hashtags": _lines_have_no_blanks,
    "media": _has_no_blank,
    "referring_url": _has_no_blank,
}


def _units(counted: str, fields: Mapping[str, str]) -> int:
    if counted == "quantity":
        return int(fields["quantity"])
    return sum(1 for line in fields[counted].split("\n") if line.strip())


def _within(service: ListedService, low: int, high: int) -> None:
    if low < service.min:
        raise RefusedError(f"Quantity less than minimal {service.min}")
    if high > service.max:
        raise RefusedError(f"Quantity more than maximum {service.max}")


def _drip_feed(service: ListedService, units: int, fields: Mapping[str, str]) -> Purchase:
    if "runs" not in fields or "interval" not in fields:
        raise RefusedError("Incorrect runs or interval: both or neither")
    if not service.dripfeed:
        raise RefusedError("Drip-feed is disabled for this service")
    apart = int(fields["interval"]) * MINUTE
    return Purchase("drip-feed", units, units, tuple(apart * run for run in range(int(fields["runs"]))))


def _subscription(service: ListedService, fields: Mapping[str, str]) -> Purchase:
    low, high = int(fields["min"]), int(fields["max"])
    if low > high:
        raise RefusedError("Incorrect quantity: min is more than max")
    _within(service, low, high)
    old = [0.0] * int(fields.get("old_posts", "0"))
    delay = int(fields["delay"]) * MINUTE
    new = [delay + POST_EVERY * post for post in range(1, int(fields.get("posts", ENDLESS_POSTS)) + 1)]
    return Purchase("subscription", low, high, (*old, *new), fields.get("posts"), fields.get("expiry"))
