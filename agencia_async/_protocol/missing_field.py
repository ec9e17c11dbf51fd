"""Error texts that say that a form field is missing: the panel did not read the field that was sent.

The name of the field is the panel's own, whatever the language around it: "order parameter is required",
"El campo order es obligatorio", "thiếu tham số order". A text counts only if the name stands next to such
words, so that "this order is not required to ..." does not. Words that may as well mean that an order does
not exist ("order missing") count only if they call it a field, a parameter or an id.
"""

import re
import unicodedata
from functools import cache

_NOUN = (
    r"(ids?|number|field|parameters?|params?|value|key|argument|attribute|input|campo|parametro|valor"
    r"|alan\w*|parametre\w*|deger\w*|truong|tham so|gia tri|kolom|isian|champ|feld"
    r"|поле|параметр\w*|значение)"
)
_LINK = (
    r"(is|are|was|be|has|the|an?|your|this|es|el|la|de|del|su|e|o|do|da|est|le|ist|das|adalah|harus|phai|la)"
)
_STRONG = (
    r"(required|mandatory|obligatori[oa]s?|obrigatori[oa]s?|requerid[oa]s?|necesari[oa]s?|necessari[oa]s?"
    r"|zorunlu\w*|gerekli\w*|gerekiyor|bat buoc|can thiet|wajib|diperlukan|dibutuhkan|harus diisi"
    r"|обязател\w*|требуется|необходим\w*|obligatoire|requise?|erforderlich|obbligatori[oa]|richiest[oa]"
    r"|(can ?not|can t|must not|should not|may not) be (empty|blank|null)"
    r"|must be (provided|specified|set|given|sent))(?! to\b)"
)
_WEAK = (
    r"(missing|empty|blank|not (set|provided|specified|given|present|passed|sent)"
    r"|falta\w*|vaci[oa]|vazi[oa]|ausente|nao (informad[oa]|enviad[oa])|no (enviad[oa]|especificad[oa])"
    r"|eksik\w*|bos (olamaz|birakilamaz)|belirtilme\w+|girilmedi|gonderilmedi"
    r"|thieu|khong duoc (de |bo )?trong|kosong|tidak (diisi|dikirim)"
    r"|отсутств\w*|не (указан|передан|задан|заполнен)\w*|пуст\w*|manquant\w*|fehlt|mancante)"
)
_ASK = (
    r"(provide|specify|enter|send|pass|include|supply|indique|indica|especifique|informe|envie|girin\w*"
    r"|belirtin\w*|nhap|masukkan|укажите|передайте|fournir|indiquer)"
)
_PUNCTUATION = re.compile(r"[^\w]+|_")
_LETTERS = str.maketrans({"\N{LATIN SMALL LETTER DOTLESS I}": "i", "đ": "d"})
_LONGEST = 200


def says_missing(text: str, field: str) -> bool:
    """Whether an error text says that the form field of this name is missing."""
    return _pattern(field).search(_normalized(text)) is not None


@cache
def _pattern(field: str) -> re.Pattern[str]:
    name = rf"(?<![a-z]){field}(?![a-z])"
    between = rf"({_LINK} ){{0,3}}"
    return re.compile(
        rf"{name} (({_NOUN}|{_LINK}) ){{0,4}}{_STRONG}"
        rf"|{name} {_NOUN} ({_NOUN} )?{between}{_WEAK}"
        rf"|{_NOUN} {name} {between}{_WEAK}"
        rf"|{_STRONG} {between}({_NOUN} ){{0,2}}{between}{name}"
        rf"|({_WEAK}|{_ASK}) {between}{_NOUN} {between}{name}"
        rf"|({_WEAK}|{_ASK}) {between}{name} {_NOUN}"
        rf"|^no {name} ({_NOUN}|given|provided|sent|set|specified)$"
    )


def _normalized(text: str) -> str:
    """Lower-case words without diacritics and punctuation."""
    decomposed = unicodedata.normalize("NFKD", text[:_LONGEST].casefold().translate(_LETTERS))
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(_PUNCTUATION.sub(" ", bare).split())
