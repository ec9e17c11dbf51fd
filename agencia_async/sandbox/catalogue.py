"""The panel's catalogue: one service of each type, the same for every seed, then others by the seed."""

from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

SIZE = 40

_ALLOWED = 0.6  # share of the drawn services with refill, cancel or drip-feed, if their type allows it

# type, name, category, rate, min, max, features: (r)efill, (c)ancel, (d)rip-feed
_EVERY_TYPE = (
    ("Default", "Followers", "First Category", "0.90", 50, 10_000, "rcd"),
    ("Package", "Starter package", "First Category", "4.50", 1, 1, "c"),
    ("Custom Comments", "Comments", "Second Category", "8.00", 1, 1_500, "c"),
    ("Custom Comments Package", "Ten comments", "Second Category", "1.25", 1, 1, ""),
    ("SEO", "Search ranking", "Web", "2.3750", 100, 50_000, "r"),
    ("Mentions", "Mentions", "Mentions", "3.10", 20, 20_000, "c"),
    ("Mentions with Hashtags", "Mentions and hashtags", "Mentions", "3.45", 20, 20_000, ""),
    ("Mentions Custom List", "Mentions of a list", "Mentions", "5.00", 1, 5_000, "c"),
    ("Mentions Hashtag", "Mentions by hashtag", "Mentions", "2.95", 100, 30_000, ""),
    ("Mentions User Followers", "Mentions of followers", "Mentions", "2.80", 100, 30_000, "rc"),
    ("Mentions Media Likers", "Mentions of likers", "Mentions", "2.85", 100, 30_000, "c"),
    ("Comment Likes", "Likes of a comment", "Second Category", "1.015", 10, 5_000, "r"),
    ("Comment Replies", "Replies to a comment", "Second Category", "9.99", 1, 500, "c"),
    ("Poll", "Votes", "Third Category", "0.72", 25, 100_000, ""),
    ("Invites from Groups", "Invites", "Third Category", "6.40", 50, 15_000, "c"),
    ("Subscriptions", "Likes of new posts", "Third Category", "1.20", 20, 5_000, "c"),
    ("Web Traffic", "Visitors", "Web", "0.105", 500, 1_000_000, "cd"),
)


@dataclass(frozen=True, slots=True)
class ListedService:
    """A row of the catalogue; `rate` is the price of 1,000 units, or of one package."""

    service: int
    name: str
    type: str
    category: str
    rate: Decimal
    min: int
    max: int
    refill: bool
    cancel: bool
    dripfeed: bool

    def row(self, *, with_dripfeed: bool = False) -> dict[str, object]:
        """The row as the action `services` returns it; `dripfeed` is not in the documented one."""
        row: dict[str, object] = {
            "service": self.service,
            "name": self.name,
            "type": self.type,
            "category": self.category,
            "rate": f"{self.rate:f}",
            "min": str(self.min),
            "max": str(self.max),
            "refill": self.refill,
            "cancel": self.cancel,
        }
        return row | {"dripfeed": self.dripfeed} if with_dripfeed else row


def catalogue(random: Random) -> tuple[ListedService, ...]:
    """Forty services numbered from 1: the 17 types in the documented order, then random ones."""
    first = tuple(_fixed(number, *row) for number, row in enumerate(_EVERY_TYPE, 1))
    drawn = (_drawn(number, first, random) for number in range(len(first) + 1, SIZE + 1))
    return (*first, *drawn)


def _fixed(  # noqa: PLR0913, PLR0917, the columns of the table
    number: int, kind: str, name: str, category: str, rate: str, low: int, high: int, allows: str
) -> ListedService:
    return ListedService(
        number, name, kind, category, Decimal(rate), low, high, "r" in allows, "c" in allows, "d" in allows
    )


def _drawn(number: int, first: tuple[ListedService, ...], random: Random) -> ListedService:
    model = random.choice((first[0], random.choice(first)))  # half of the catalogue is of the type Default
    return replace(
        model,
        service=number,
        name=f"{model.name} [{random.choice(('slow', 'fast', 'premium', 'no drop'))}]",
        category=random.choice((model.category, "Offers")),
        rate=Decimal(random.randrange(100, 150_000)).scaleb(-4),
        refill=model.refill and random.random() < _ALLOWED,
        cancel=model.cancel and random.random() < _ALLOWED,
        dripfeed=model.dripfeed and random.random() < _ALLOWED,
    )
