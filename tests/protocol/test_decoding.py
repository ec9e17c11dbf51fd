import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agencia_async import ReplyError
from agencia_async._protocol import decoding
from agencia_async._protocol.decoding import decode
from tests.support.rounds import rounds
from tests.support.texts import texts

NOTICE = '<br />\n<b>Warning</b>:  Undefined array key "x" in <b>/a/b.php</b> on line <b>35</b><br />\n'
BARE = "\nWarning: Undefined variable $y in /srv/www/api.php on line 7\n"
LOGGED = "PHP Deprecated:  strlen(): Passing null to parameter #1 ($string) in /a.php on line 12\n"
XDEBUG = (
    "<br />\n<font size='1'><table class='xdebug-error'><tr><th>( ! ) Notice: Undefined index: link in "
    "C:\\wamp\\api.php on line <i>3</i></th></tr></table></font>\n"
)
BRACES = (
    "<br />\n<b>Notice</b>: Undefined property: stdClass::{$id} in <b>/a.php</b> on line <b>1</b><br />\n"
)


@pytest.mark.parametrize("notice", [NOTICE, BARE, LOGGED, XDEBUG, BRACES, NOTICE * 3, NOTICE + BARE])
@pytest.mark.parametrize("value", [{"order": 71}, [{"order": 1}], {"error": "Not {enough} [funds]"}, {}])
def test_notices_around_a_value_are_no_part_of_it(notice: str, value: object) -> None:
    body = json.dumps(value)
    for text in (notice + body, body + notice, notice + body + notice, f"\ufeff{notice}{body}"):
        assert decode(text.encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        f"<html><body>{NOTICE}</body></html>" + '{"order": 1}',
        '<!DOCTYPE html><b>Warning</b>: {"order": 1}',
        NOTICE,
        f'{NOTICE}{{"order": 7',
        f'{NOTICE}{{"order": 7}} and more',
        'The order is {"order": 7}',
        f'{NOTICE}"text"',
    ],
)
def test_what_is_more_than_notices_is_no_value(body: str) -> None:
    with pytest.raises(ReplyError, match="not JSON"):
        decode(body.encode())


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (r'"{\"order\": 5}"', {"order": 5}),
        (r'"[1, 2]"', [1, 2]),
        (r'"{order}"', "{order}"),
        ('"plain"', "plain"),
        (r'"{\"rate\": 0.10}"', {"rate": Decimal("0.10")}),
    ],
)
def test_json_inside_a_text_is_what_it_says(body: str, value: object) -> None:
    assert decode(body.encode()) == value


# --- large bodies -----------------------------------------------------------------------------------------

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    texts(max_size=30),
    st.sampled_from(["},", "],", '\\"},', "{", "\\", "\u20ac"]),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(texts(max_size=5), inner, max_size=6),
)


@settings(max_examples=rounds(30, nightly=10_000))
@given(
    st.lists(TREES, max_size=12) | st.dictionaries(texts(max_size=5), TREES, max_size=12),
    st.integers(8, 90),
)
def test_in_pieces_the_value_is_the_same(value: object, window: int) -> None:
    body = json.dumps(value, ensure_ascii=False).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "_LARGE", 1)
        patch.setattr(decoding, "_WINDOW", window)
        patch.setattr(decoding, "_DEEPEST", 100)
        patch.setattr(decoding, "_MOST_SINGLE", 1000)
        assert decoding._decoded(body) == value  # noqa: SLF001


ROWS = [{"service": n, "name": f"Followers {n} }}, {{", "rate": "0.90", "min": "50"} for n in range(8000)]


@pytest.mark.parametrize(
    "value",
    [
        ROWS,
        {str(row["service"]): row for row in ROWS},
        {"status": "success", "data": ROWS, "time": 3},
        {"status": "success", "data": {"services": ROWS}},
        {"Likes": ROWS[:4000], "Views": ROWS[4000:]},
        [ROWS[:4000], ROWS[4000:]],
    ],
    ids=["list", "by id", "envelope", "envelopes", "by category", "lists"],
)
def test_a_large_catalogue_in_every_form(value: object) -> None:
    for indent in (None, 2):
        assert decode(json.dumps(value, indent=indent).encode()) == value


def test_a_character_that_is_cut_spoils_no_large_reply() -> None:
    body = (
        json.dumps(ROWS)
        .encode()
        .replace(b"Followers 7000", b"Follow\xff\x01ers")
        .replace(b"s 7100", rb"s \ud83d")
    )
    found: Any = decode(body)
    assert (len(found), found[7000]["name"][:9]) == (8000, "Follow\ufffd e")


HOSTILE: dict[str, Callable[[], bytes]] = {
    "numbers": lambda: b"[" + b"1," * 1_000_000 + b"1]",
    "deep": lambda: b"[" * 4_000_000,
    "deep and closed": lambda: b"[" * 500_000 + b"]" * 500_000,
    "a text": lambda: b'["' + b"a" * 8_000_000 + b'"]',
    "an unfinished text": lambda: b'["' + b"a" * 8_000_000,
    "escapes": lambda: b'["' + rb"\"" * 4_000_000 + b'"]',
    "objects": lambda: b"[" + b"{}," * 2_000_000 + b"{}]",
    "an object of numbers": lambda: b"{" + b",".join(b'"%d":1' % n for n in range(200_000)) + b"}",
    "spaces": lambda: b"[" + b" " * 8_000_000 + b"]",
    "nothing": lambda: b" " * 8_000_000,
    "rows with a fault at the end": lambda: b"[" + b'{"service":1,"rate":"0.9"},' * 300_000 + b"]",
    "a value and more": lambda: b"[" + b'{"service":1},' * 30_000 + b'{"service":1}] and more',
    "no names": lambda: b"{" + b"1," * 300_000 + b"1}",
    "commas": lambda: b"[" + b"," * 8_000_000 + b"]",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_large_body_is_decoded_in_small_pieces(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, turns = list[int](), list[float]()
    decoder, scanner = decoding._decoder, decoding._scanner  # noqa: SLF001

    class Watched:
        def decode(self, body: bytes) -> object:
            sizes.append(len(body))
            return decoder.decode(body)

        def raw_decode(self, text: str, at: int = 0) -> tuple[Any, int]:
            sizes.append(len(text) - at)
            return scanner.raw_decode(text, at)

    monkeypatch.setattr(decoding, "_decoder", Watched())
    monkeypatch.setattr(decoding, "_scanner", Watched())
    monkeypatch.setattr(time, "sleep", turns.append)
    with pytest.raises(ReplyError):
        decode(HOSTILE[name]())
    assert max(sizes, default=0) <= 2**20
    assert len(sizes) <= 10 * len(turns)


def test_blanks_before_json_inside_a_text() -> None:
    assert decode(json.dumps('\n {"order": 5} ').encode()) == {"order": 5}


def test_the_fault_is_told() -> None:
    for body in (b'{"order": 5', b"{\x01", NOTICE.encode() + b'{"order": }'):
        with pytest.raises(ReplyError, match=r"^not JSON: (?!None)."):
            decode(body)


def test_a_list_of_lists_of_which_each_is_too_large_for_a_window() -> None:
    value = [[f"{number}{'x' * 70_000}"] for number in range(60)]
    assert decode(json.dumps(value).encode()) == value


def test_an_object_that_is_larger_than_any_other_value_may_be() -> None:
    value = {"data": ROWS * 2}
    assert len(json.dumps(value)) > 2**20
    assert decode(json.dumps(value).encode()) == value
