"""The error patterns: panels send no error codes, only text, so the text is matched against a table."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from agencia_async.errors import (
    AuthenticationError,
    ConfigurationError,
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

Patterns = Mapping[str, type[PanelError]]
"""Regular expressions, searched ignoring case, and the error class of the responses that match."""

_ORDER = r"(orders?|pedidos?|ordenes|orden|siparis\w*|don hang|pesanan)"
_REFILL = r"(refills?|telafi|bao hanh|recargas?|reposic\w+|isi ulang)"
_SERVICE = r"(services?|servicios?|servicos?|servis\w*|dich vu|layanan)"
_MISSING = (
    r"(not found|does(n.t| not) exist|not exist|unknown|no encontrad[oa]s?|no existe|nao encontrad[oa]s?"
    r"|nao existe|bulunamadi|khong tim thay|khong ton tai|tidak ditemukan)"
)
_WRONG = (
    r"(incorrect|invalid|wrong|unknown|bad|invalid[oa]s?|incorrect[oa]s?|incorret[oa]s?|gecersiz|hatali"
    r"|khong hop le|tidak valid|salah)"
)
_OFF = (
    r"(disabled?|inactive|unavailable|not (active|available|allowed|possible|supported|enabled)"
    r"|desactivad[oa]|no disponible|no permitid[oa]|desativad[oa]|inativ[oa]|indisponivel|nao permitid[oa]"
    r"|devre disi|pasif"
    r"|khong kha dung|tidak tersedia|tidak aktif|nonaktif)"
)
_ACCOUNT = r"(cuenta|conta|hesab\w*|tai khoan|akun)"
_BARRED = (
    r"(suspend|disabled|blocked|banned|deactivated|bloquead|suspen|askiya|bi khoa|khoa|ditangguhkan|diblokir)"
    r"\w*[.! ]*$"
)
_KEY = r"(api.?key|clave (de )?(la )?api|chave (da |de )?api|api anahtari|khoa api|kunci api|api token)"

# The first class with a matching pattern wins, so narrow patterns come before wide ones. The patterns
# are searched in lower-case words without diacritics ("inválida" is "invalida", and
# "neworder.error.link" is "neworder error link").
_TABLE: list[tuple[type[PanelError], list[str]]] = [
    (
        RateLimitedError,
        [
            r"too many (requests?|calls)|(requests?|api) (rate|limit) (is )?(exceeded|reached)",
            r"quota exceeded|\brate.?limit|throttl|slow down|too fast|too frequent",
            r"(requests?|calls) (per|a) (second|minute|hour)",
            r"exceeded .{0,30}requests|limit exceeded:? \d* ?requests",
            r"demasiad[oa]s (solicitudes|peticiones|intentos)|muitas (requisicoes|solicitacoes|tentativas)",
            r"limite de (solicitudes|peticiones|requisicoes)|istek (limiti|siniri)",
            r"gioi han yeu cau|batas permintaan",
            r"cok fazla (istek|deneme)|qua nhieu yeu cau|terlalu banyak permintaan",
        ],
    ),
    (
        DuplicateOrderError,
        [
            r"active order (with|for) (this|that|the same) link|order with this link",
            r"link duplicate|duplicated? (order|link)",
            r"(identical|same) order|order (is )?already (exists|placed|active)",
            r"(orden|pedido) activ[oa] con este (enlace|link)|pedido ativo (com|para) (este|esse) link",
            r"ayni (link|baglanti)|bu (link|baglanti)\w* .*(aktif|devam eden)|pesanan aktif",
            r"don hang (dang|trung)",
        ],
    ),
    (
        InsufficientFundsError,
        [
            r"(not.?(have.)?|n.t have )enough.?(funds|balance|money|credit)",
            r"insufficient.?(funds|balance|credit)",
            r"(balance|funds|credit) (is |are )?(insufficient|too low)|low balance",
            r"saldo suficiente|suficiente saldo",
            r"(saldo|fondos|creditos?) insuficientes?|(saldo|balance) (is )?not enough",
            r"saldo (anda )?(tidak|kurang|nao) ?(mencukupi|cukup|suficiente)?|yetersiz bakiye",
            r"bakiye\w* (yetersiz|yeterli degil)|so du (tai khoan )?khong du|khong du (so du|tien)",
        ],
    ),
    (
        NotAllowedError,
        [
            rf"{_REFILL} .*{_OFF}|cancel\w* .*{_OFF}|(iptal|huy|pembatalan) .*{_OFF}",
            r"(order|pedido|orden) .*(is |esta )?not (yet )?complete|not completed",
            r"no esta completad[oa]|nao (esta )?(conclui|completa)d[oa]|tamamlanmadi",
            r"chua hoan thanh|belum selesai",
            r"not support (refill|cancel)|not eligible for|(refill|cancel)\w* period",
            r"already (been )?(requested|refilled|cancell?ed|completed)|less than \d+ hours|wait \d+ hours",
            r"can(not|.t| not) (be )?(refill|cancel)|unable to (refill|cancel)",
            r"no (se )?puede (ser )?(cancelad[oa]|cancelar|recargar|reponer)",
            r"nao (pode|e possivel) .*(cancel|repo|refill)",
            r"iptal edilemez|telafi (yapilamaz|edilemez)|khong the (huy|bao hanh)",
            r"tidak (dapat|bisa) (dibatalkan|refill)|sudah (diminta|dibatalkan)|zaten (iptal|talep)",
            r"ya (fue )?(solicitad|cancelad)[oa]|ja (foi )?(solicitad|cancelad)[oa]",
        ],
    ),
    (
        AuthenticationError,
        [
            rf"({_WRONG}|missing|no|expired|enter).?{_KEY}",
            rf"{_KEY}.{{0,20}}({_WRONG}|{_OFF}|{_MISSING}|required|missing|expired|obligatori|bloquead)",
            rf"({_WRONG}|missing).?key\b|\bkey (is )?(invalid|missing|required|wrong)",
            r"clave invalida|chave invalida|gecersiz anahtar|access denied",
            r"not authori[sz]ed$|authentication failed",
            rf"^((your|the|this) )?account (is |has been |was )?{_BARRED}",
            r"your account|api is disabled? for this user|api .*user not found",
            rf"^((su|tu|sua) )?{_ACCOUNT}( \w+){{0,2}} {_BARRED}",
            r"^unauthori[sz]ed\W*$|unauthenticated|^no autorizado|^nao autorizado|yetkisiz",
        ],
    ),
    (UnavailableError, [r"^(the )?service (is )?(temporarily )?unavailable"]),
    (
        InvalidServiceError,
        [
            r"service id is required|neworder error service",
            rf"{_WRONG} {_SERVICE}|{_SERVICE} (id )?.*({_MISSING}|{_OFF}|{_WRONG})|{_MISSING} {_SERVICE}",
        ],
    ),
    (
        NotFoundError,
        [
            rf"{_WRONG} {_ORDER}( ?ids?| number)?$|{_WRONG} {_REFILL}( ?ids?)?$|{_WRONG} ids?$",
            rf"({_ORDER}|{_REFILL})( ?ids?)? .*({_MISSING}|{_WRONG})|{_MISSING} {_ORDER}",
            r"no (such )?(order|refill)s?( found)?$",
        ],
    ),
    (
        UnavailableError,
        [
            r"maintenance|mantenimiento|manutencao|bakim|bao tri|pemeliharaan|perbaikan",
            rf"(ordering|api|orders?) (is |are )?(temporarily )?{_OFF}|not supported|unsupported",
            rf"{_WRONG} (request|action|method|istek|permintaan)|(solicitud|requisicao) {_WRONG}",
            r"try again later",
        ],
    ),
    (
        InvalidOrderError,
        [
            r"neworder error|quantity|cantidad|quantidade|miktar|so luong|jumlah|minimum|maximum|minimal\b",
            rf"{_WRONG} (\w+ )?(link|url|enlace|baglanti|username)",
            rf"(link|url|enlace|baglanti|lien ket|tautan) .*({_WRONG}|required)",
            r"max(imum)? (of )?\d+ (ids|orders)|limit is \d+|(batch|too) (too )?large",
            r"orders limit|order ids$",
            r"(at most|como maximo|no maximo|en fazla|toi da|maksimal) \d+",
            r"too many (ids|orders|order)|(up to|limit of) \d+ (ids|orders)",
            rf"{_WRONG} (min|max|(old )?posts|delay|expiry|device|type of traffic|country|media|groups)\b",
            r"\bdrip.?feed\b|was used for another order",
            r"\bcomments?\b|\busernames?\b|\bhashtags?\b|\bruns\b|\binterval\b|\bkeywords\b|\banswer.number\b",
            r"field is required|is required$|es obligatorio|e obrigatorio|zorunlu|bat buoc|wajib diisi",
        ],
    ),
]

_BY_STATUS: dict[int, type[PanelError]] = {
    401: AuthenticationError,
    402: InsufficientFundsError,
    422: InvalidOrderError,
}
"""The classes by HTTP status, if no pattern matches."""

_TOO_MANY = 429
_LONGEST = 1000
_SEPARATORS = re.compile(r"[._-]")
_LETTERS = str.maketrans({"\N{LATIN SMALL LETTER DOTLESS I}": "i", "đ": "d"})


def _normalized(text: str) -> str:
    """Lower-case words without diacritics, so that one pattern matches text and keys in every spelling."""
    decomposed = unicodedata.normalize("NFKD", text[:_LONGEST].casefold().translate(_LETTERS))
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(_SEPARATORS.sub(" ", bare).split())


@cache
def _patterns() -> list[tuple[type[PanelError], re.Pattern[str]]]:
    """The table, compiled with the first error response: that takes longer than importing the library."""
    return [(kind, re.compile("|".join(patterns))) for kind, patterns in _TABLE]


class Refusals:
    """The error patterns: the caller's own, then the built-in table."""

    def __init__(self, own: Patterns | None = None) -> None:
        self._own = [_checked(pattern, kind) for pattern, kind in (own or {}).items()]

    def recognise(self, text: str, status: int | None = None) -> type[PanelError]:
        """The class of an error response; `PanelError` itself if neither text nor status is known."""
        for pattern, kind in self._own:
            if pattern.search(text[:_LONGEST]):
                return kind
        if status == _TOO_MANY:
            return RateLimitedError
        normalized = _normalized(text)
        for kind, pattern in _patterns():
            if pattern.search(normalized):
                return kind
        return _BY_STATUS.get(status or 0, PanelError)

    def error(self, text: str) -> PanelError:
        """The error of one id."""
        return self.recognise(text)(text)


def _checked(pattern: str, kind: type[PanelError]) -> tuple[re.Pattern[str], type[PanelError]]:
    if not issubclass(kind, PanelError):  # pyright: ignore[reportUnnecessaryIsInstance] - a caller may err
        raise ConfigurationError(f"refusals: {pattern!r} must map to a PanelError class, got {kind!r}")
    try:
        return re.compile(pattern, re.IGNORECASE), kind
    except (re.error, TypeError) as error:
        reason = str(error)
    raise ConfigurationError(f"refusals: {pattern!r} is not a valid regular expression: {reason}")
