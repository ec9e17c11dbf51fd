"""The form in the body of a request: URL-encoded, or multipart as PHP reads it."""

import re
from typing import Final
from urllib.parse import parse_qsl

MAX_FIELDS: Final = 1_000  # as in PHP

_MAX_HEAD: Final = 1_000  # bytes of the head of a part that are read

_MULTIPART = re.compile(r"\s*multipart/form-data\b", re.IGNORECASE)
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]+)"|([^";,\s]+))', re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_NAME = re.compile(rb'content-disposition:[^\n]*;\s*name=(?:"([^"\n]*)"|([^";\s]+))', re.IGNORECASE)
_FILE_NAME = re.compile(rb";\s*filename\*?=", re.IGNORECASE)


def form_of(body: bytes, content_type: str) -> dict[str, str]:
    """The fields of a body; of a field that occurs again, the last value.

    Files are no fields. Of a multipart form, fields beyond `MAX_FIELDS` are ignored; a URL-encoded one is
    empty then, as is one without a boundary.
    """
    if not _MULTIPART.match(content_type):
        return _urlencoded(body)
    found = _BOUNDARY.search(content_type)
    return _multipart(body, (found[1] or found[2]).encode()) if found else {}


def _urlencoded(body: bytes) -> dict[str, str]:
    text = body.decode(errors="replace")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:  # too many fields
        return {}


def _multipart(body: bytes, boundary: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    for part in (b"\n" + body).split(b"\n--" + boundary, MAX_FIELDS + 1)[1 : MAX_FIELDS + 1]:
        if part.startswith(b"--"):  # the end
            break
        head, *value = _BLANK_LINE.split(part, maxsplit=1)
        name = _NAME.search(head, 0, _MAX_HEAD)
        if name and value and not _FILE_NAME.search(head, 0, _MAX_HEAD):
            fields[_text(name[1] or name[2] or b"")] = _text(value[0].removesuffix(b"\r"))
    return fields


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
