"""The orders that can be placed: one frozen class for each service type.

Types and fields are those of the panel API's documentation. Lists of lines (comments, usernames ...) may be
given as an iterable of str or as one multi-line str.
"""

from datetime import date

from attrs import field, fields_dict, frozen

from agencia_async._orders import fields
from agencia_async._orders.order import Order, RawOrder
from agencia_async.errors import ConfigurationError, InvalidInputError

__all__ = [
    "CommentLikesOrder",
    "CommentRepliesOrder",
    "CustomCommentsOrder",
    "CustomCommentsPackageOrder",
    "DefaultOrder",
    "InvitesFromGroupsOrder",
    "MentionsCustomListOrder",
    "MentionsHashtagOrder",
    "MentionsMediaLikersOrder",
    "MentionsOrder",
    "MentionsUserFollowersOrder",
    "MentionsWithHashtagsOrder",
    "Order",
    "PackageOrder",
    "PollOrder",
    "RawOrder",
    "SeoOrder",
    "SubscriptionsOrder",
    "WebTrafficOrder",
]

_DELAYS = {0, 5, 10, 15, *range(30, 601, 30)}


@frozen(kw_only=True)
class _Dripped(Order):
    """An order that may be spread over time."""

    runs: int | None = fields.whole_or_none()
    interval: int | None = fields.whole_or_none()

    def _check(self) -> None:
        if (self.runs is None) != (self.interval is None):
            missing = "runs" if self.runs is None else "interval"
            raise InvalidInputError("drip-feed requires both runs and interval (minutes)", field=missing)


@frozen(kw_only=True)
class DefaultOrder(_Dripped):
    """A quantity (followers, likes, views ...) for a link.

    Attributes:
        link: the page, profile or post.
        quantity: how many, at least 1; with drip-feed, how many in each run.
        runs: for a drip-feed: the number of runs, at least 1; requires `interval`.
        interval: for a drip-feed: minutes between two runs, at least 1; requires `runs`.
    """

    link: str = fields.text()
    quantity: int = fields.whole()


@frozen(kw_only=True)
class PackageOrder(Order):
    """A package of a fixed size for a link.

    Attributes:
        link: the page, profile or post.
    """

    link: str = fields.text()


@frozen(kw_only=True)
class CustomCommentsOrder(Order):
    """Custom comments under a link; their number is the quantity.

    Attributes:
        link: the post.
        comments: the comments, at least one.
        quantity: their number, for the few panels that require it as well.
    """

    link: str = fields.text()
    comments: tuple[str, ...] = field(converter=fields.split, validator=fields.check_lines)
    quantity: int | None = fields.whole_or_none()


@frozen(kw_only=True)
class CustomCommentsPackageOrder(Order):
    """A package of custom comments.

    Attributes:
        link: the post.
        comments: the comments, at least one.
    """

    link: str = fields.text()
    comments: tuple[str, ...] = field(converter=fields.split, validator=fields.check_lines)


@frozen(kw_only=True)
class SeoOrder(Order):
    """Search engine optimisation for a page.

    Attributes:
        link: the page.
        quantity: how many, at least 1.
        keywords: the search keywords, at least one.
    """

    link: str = fields.text()
    quantity: int = fields.whole()
    keywords: tuple[str, ...] = field(converter=fields.split, validator=fields.check_lines)


@frozen(kw_only=True)
class MentionsOrder(Order):
    """Mentions of users under a link.

    Attributes:
        link: the post.
        quantity: how many, at least 1.
        usernames: the users to mention, at least one.
    """

    link: str = fields.text()
    quantity: int = fields.whole()
    usernames: tuple[str, ...] = field(converter=fields.split, validator=fields.check_lines)


@frozen(kw_only=True)
class MentionsWithHashtagsOrder(MentionsOrder):
    """Mentions of users, with hashtags.

    Attributes:
        link: the post.
        quantity: how many, at least 1.
        usernames: the users to mention, at least one.
        hashtags: the hashtags, at least one.
    """

    hashtags: tuple[str, ...] = field(converter=fields.split, validator=fields.check_lines)


@frozen(kw_only=True)
class MentionsCustomListOrder(Order):
    """Mentions of a list of users; their number is the quantity.

    Attributes:
        link: the post.
        usernames: the users to mention, at least one.
    """

    link: str = fields.text()
    usernames: tuple[str, ...] = field(converter=fields.split, validator=fields.check_lines)


@frozen(kw_only=True)
class MentionsHashtagOrder(Order):
    """Mentions of users who use a hashtag.

    Attributes:
        link: the post.
        quantity: how many, at least 1.
        hashtag: the hashtag.
    """

    link: str = fields.text()
    quantity: int = fields.whole()
    hashtag: str = fields.text()


@frozen(kw_only=True)
class MentionsUserFollowersOrder(Order):
    """Mentions of the followers of a user.

    Attributes:
        link: the post.
        quantity: how many, at least 1.
        username: the user whose followers are mentioned.
    """

    link: str = fields.text()
    quantity: int = fields.whole()
    username: str = fields.text()


@frozen(kw_only=True)
class MentionsMediaLikersOrder(Order):
    """Mentions of users who like a post.

    Attributes:
        link: the post under which they are mentioned.
        quantity: how many, at least 1.
        media: the post whose likers are mentioned.
    """

    link: str = fields.text()
    quantity: int = fields.whole()
    media: str = fields.text()


@frozen(kw_only=True)
class CommentLikesOrder(Order):
    """Likes of a comment.

    Attributes:
        link: the post.
        quantity: how many, at least 1.
        username: the author of the comment.
    """

    link: str = fields.text()
    quantity: int = fields.whole()
    username: str = fields.text()


@frozen(kw_only=True)
class CommentRepliesOrder(Order):
    """Custom replies to a comment.

    Attributes:
        link: the post.
        username: the author of the comment.
        comments: the replies, at least one.
    """

    link: str = fields.text()
    username: str = fields.text()
    comments: tuple[str, ...] = field(converter=fields.split, validator=fields.check_lines)


@frozen(kw_only=True)
class PollOrder(Order):
    """Votes in a poll.

    Attributes:
        link: the poll.
        quantity: how many, at least 1.
        answer_number: the answer to vote for, from 1.
    """

    link: str = fields.text()
    quantity: int = fields.whole()
    answer_number: int = fields.whole()


@frozen(kw_only=True)
class InvitesFromGroupsOrder(Order):
    """Invitations to the members of groups.

    Attributes:
        link: the page or group that they are invited to.
        quantity: how many, at least 1.
        groups: the groups whose members are invited, at least one.
    """

    link: str = fields.text()
    quantity: int = fields.whole()
    groups: tuple[str, ...] = field(converter=fields.split, validator=fields.check_lines)


@frozen(kw_only=True)
class SubscriptionsOrder(Order):
    """A subscription: an order for each new post of a user.

    Attributes:
        username: the user.
        min: the minimum quantity per post, at least 1.
        max: the maximum quantity per post, at least `min`.
        delay: minutes between a post and its order: 0, 5, 10, 15, 30, 60, 90 and so on to 600.
        posts: the number of new posts, at least 1; None for no limit.
        old_posts: the number of existing posts, at least 0; None to leave it to the panel.
        expiry: the date on which the subscription ends; None for no end.
    """

    username: str = fields.text()
    min: int = fields.whole()
    max: int = fields.whole()
    delay: int = fields.one_of(_DELAYS)
    posts: int | None = fields.whole_or_none()
    old_posts: int | None = fields.count_or_none()
    expiry: date | None = fields.day_or_none()

    def _check(self) -> None:
        if self.min > self.max:
            raise InvalidInputError(f"min must be <= max, got min={self.min}, max={self.max}", field="min")


@frozen(kw_only=True)
class WebTrafficOrder(_Dripped):
    """Visitors of a page.

    Attributes:
        link: the page.
        quantity: how many, at least 1; with drip-feed, how many in each run.
        country: the country they come from, as the panel spells it.
        device: 1 desktop, 2 Android, 3 iOS, 4 mobile, 5 all.
        type_of_traffic: 1 search (`google_keyword`), 2 referral (`referring_url`), 3 direct.
        google_keyword: what they searched for; required if `type_of_traffic` is 1.
        referring_url: the page they come from; required if `type_of_traffic` is 2.
        runs: for a drip-feed: the number of runs, at least 1; requires `interval`.
        interval: for a drip-feed: minutes between two runs, at least 1; requires `runs`.
    """

    link: str = fields.text()
    quantity: int = fields.whole()
    country: str = fields.text()
    device: int = fields.one_of(range(1, 6))
    type_of_traffic: int = fields.one_of(range(1, 4))
    google_keyword: str | None = fields.text_or_none()
    referring_url: str | None = fields.text_or_none()

    def _check(self) -> None:
        super()._check()
        needed = {1: "google_keyword", 2: "referring_url"}.get(self.type_of_traffic)
        if needed is not None and getattr(self, needed) is None:
            raise InvalidInputError(
                f"missing field: {needed} (required by type_of_traffic {self.type_of_traffic})", field=needed
            )


def check_field_name(name: str, field: object) -> None:
    """Check for the name of a form field that no order class has."""
    fault = fields.further_fault(field, "")
    if fault is not None:
        raise ConfigurationError(fault)
    if (
        not str(field).isprintable()
        or not str(field).strip()
        or any(field in fields_dict(kind) for kind in Order.types())
    ):
        raise ConfigurationError(f"{name} must be the name of a field that no order class has, got {field!r}")
