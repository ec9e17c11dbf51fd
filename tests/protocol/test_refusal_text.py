import pytest

from agencia_async._protocol import refusal_text
from agencia_async._protocol.refusal_text import LONGEST, clauses, normalized


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Clave API inválida", "clave api invalida"),
        ("BAKİYENİZ YETERSİZ", "bakiyeniz yetersiz"),
        ("Bakiyeniz yetersiz, ısrar", "bakiyeniz yetersiz, israr"),
        ("Đơn hàng", "don hang"),
        ("Заказ не найден", "заказ не наиден"),
        ("neworder.error.not_enough_funds", "neworder error not enough funds"),
        ("invalidApiKey", "invalid api key"),
        ("INVALID-API-KEY", "invalid api key"),
        ("You don't, it can\N{RIGHT SINGLE QUOTATION MARK}t", "you do not, it can not"),
        ("  a\n\tb  ", "a b"),
        ("See https://example.com/not/found?x=1 for the link", "see for the link"),
        ("Order failed. Link not found", "order failed. link not found"),
    ],
)
def test_texts_and_keys_have_one_spelling(text: str, plain: str) -> None:
    assert normalized(text) == plain


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not found", [{"unknown"}]),
        ("could not be found", [{"unknown"}]),
        ("unknown error", [{"failure"}]),
        ("Order failed. Link not found!", [{"order", "fault"}, {"link", "unknown"}]),
        ("for your account", [{"for", "your", "owned"}]),
        ("your account", [{"your", "account"}]),
        ("your Instagram account", [{"your", "foreign", "link"}]),
        ("La cuenta de Instagram", [{"for", "foreign", "link"}]),
        ("hesabınız için", [{"owned", "after for"}]),
        ("this user", [{"this", "someone"}]),
        ("no order", [{"none", "order"}]),
        ("sipariş yok", [{"order", "none"}]),
        ("aktif değil", [{"inactive"}]),
        ("5 a minute", [{"figure", "pace", "per", "period"}]),
        ("nothing of it", [{"for"}]),
        ("...", []),
        ("", []),
    ],
)
def test_words_become_concepts_and_denials_turn_them(text: str, said: list[set[str]]) -> None:
    assert [set(clause) for clause in clauses(normalized(text))] == said


HOSTILE = [
    "cancel " * 10_000,
    "not " * 10_000,
    "too many " * 10_000,
    "khong the " * 10_000,
    "x" * 1_000_000,
    "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 560,
    "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM} " * 10_000,
    "e" + "\N{COMBINING ACUTE ACCENT}" * 100_000,
    "https://" * 10_000,
    "a.b_c-" * 10_000,
    "n't" * 10_000,
    ". " * 10_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_the_work_for_a_text_is_bounded(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = []
    vocabulary = refusal_text._vocabulary()  # noqa: SLF001 - what it is asked is counted
    longest = type(vocabulary).longest

    def counted(self: object, words: list[str], start: int) -> object:
        looked_up.append(start)
        return longest(self, words, start)  # type: ignore[arg-type]

    monkeypatch.setattr(type(vocabulary), "longest", counted)
    clauses.cache_clear()

    plain = normalized(text)
    assert len(plain) <= LONGEST
    clauses(plain)
    assert len(looked_up) <= 100
