"""Words that people search for, and the page that answers them, where the page itself uses another word.

The search of Sphinx knows no number, and of several words only that each is somewhere on a page. What stands
here is in the index, which the search looks through as well; the pages stay plain Markdown.
"""

from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

WORDS = {
    "bulk": ("batch", "coalescing", "many orders"),
    "configuration": ("environment variables", "multiple accounts", "multiple panels", "proxy"),
    "errors": ("exceptions", "incorrect order id", "not enough funds", "timeout"),
    "journal": ("double order", "duplicate order", "idempotency key", "placed twice"),
    "orders": ("drip-feed", "partial", "refund"),
    "outages": ("502", "503", "504", "circuit breaker"),
    "rate-limiting": ("429", "token bucket", "too many requests", "throttling"),
    "retries": ("backoff", "jitter", "retry budget"),
    "sandbox": ("mock", "test server"),
}


class _AddWords(SphinxTransform):
    """Put the words of a page into the index."""

    default_priority = 500  # before Sphinx collects the index

    def apply(self, **_: object) -> None:
        """Add them at the top of the page."""
        words = WORDS.get(self.env.docname, ())
        if words:
            entries = [("single", word, "", "", None) for word in words]
            self.document.insert(0, addnodes.index(entries=entries))


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect it."""
    app.add_transform(_AddWords)
    return {"parallel_read_safe": True}
