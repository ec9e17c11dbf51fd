"""What is told of a page that came instead of an answer: its visible text, and which firewall sent it."""

import re
from html import unescape

LONGEST = 2**15
"""Characters of a page that are looked at: its text comes early, or not at all."""
_ENOUGH = 400  # characters of text
_PLACES = {"title": "title", "h1": "heading", "h2": "heading", "h3": "heading"}
_UNSEEN = re.compile(
    r"<(script|style|noscript|template|svg|iframe)\b[^<>]{0,500}>.*?(?:</\1[^<>]*>?|\Z)|<!--.*?(?:-->|\Z)",
    re.IGNORECASE | re.DOTALL,
)
# Each alternative ends at the next bracket, so the work grows with the page only. The parser of the standard
# library takes seconds for pages that are made to be slow.
_TAG = re.compile(r"<(/?[a-zA-Z!?][a-zA-Z0-9]{0,9}|)[^<>]*>")
_PAGE = re.compile(r"\s*<|.{0,1000}?<(?:!doctype|html|head|body)\b", re.IGNORECASE | re.DOTALL)

_FIREWALLS = {
    "Cloudflare": r"just a moment\.\.\.|attention required!|cf-chl|challenge-platform"
    r"|checking your browser before|sorry, you have been blocked|error(?: code)?:? ?10(?:0[6-9]|1[0-9]|20)\b",
    "Imunify360": r"imunify",
    "LiteSpeed": r"litespeed",
    "Sucuri": r"sucuri",
    "DDoS-Guard": r"ddos-guard|ddos protection",
    "ModSecurity": r"mod_?security|not acceptable!",
    "Imperva": r"incapsula|imperva",
    "Wordfence": r"wordfence",
    "BitNinja": r"bitninja",
    "Akamai": r"errors\.edgesuite\.net|akamai",
    "AWS WAF": r"aws-?waf",
}
"""Firewalls by the words in their pages."""
_SOME_FIREWALL = (
    r"access (?:is |was |has been )?denied|you (?:are|were|have been) blocked|web application firewall"
    r"|request (?:was |has been )?blocked|one moment, please|verify(?:ing)? (?:that )?you are (?:a )?human"
    r"|are you a (?:human|robot)|not a robot|captcha|security check|browser check|unusual traffic"
    r"|bot (?:protection|verification)"
)
_ALL = [
    *((name, re.compile(pattern)) for name, pattern in _FIREWALLS.items()),
    ("", re.compile(_SOME_FIREWALL)),
]


def is_page(body: str) -> bool:
    """Whether a body is an HTML page, or a fragment of one."""
    return _PAGE.match(body) is not None


def visible_text(page: str) -> str:
    """What a person would see of a page: its title, its headings, then its other text."""
    found: dict[str, list[str]] = {"title": [], "heading": [], "text": []}
    place, end = "text", 0
    page = _UNSEEN.sub(" ", page[:LONGEST])
    for tag in _TAG.finditer(f"{page}<>"):
        found[place].append(page[end : tag.start()])
        end = tag.end()
        place = _PLACES.get(tag[1].lower(), place)
        place = "text" if tag[1].startswith("/") and tag[1][1:].lower() in _PLACES else place
    pieces: list[str] = []
    for texts in found.values():
        text = " ".join(unescape(" ".join(texts)).split())[:_ENOUGH]
        if text and text not in pieces:
            pieces.append(text)
    return " - ".join(pieces)


def firewall(body: str) -> str | None:
    """The name of the firewall that a page is of, "" if it has none; None if it is of no firewall."""
    text = body[:LONGEST].lower()
    return next((name for name, pattern in _ALL if pattern.search(text)), None)
