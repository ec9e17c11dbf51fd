from agencia_async.sandbox.reply import RefusedError, document, error_reply


def test_a_document_is_compact_json() -> None:
    reply = document({"order": 1, "of": ["a", None]})
    assert reply.status == 200
    assert reply.headers == ((b"content-type", b"application/json"),)
    assert reply.body == b'{"order":1,"of":["a",null]}'


def test_a_refusal_carries_its_text_status_and_headers() -> None:
    reply = error_reply("No", 429, ((b"retry-after", b"7"),))
    assert (reply.status, reply.body) == (429, b'{"error":"No"}')
    assert (b"retry-after", b"7") in reply.headers


def test_a_refused_error_tells_its_text() -> None:
    assert RefusedError("Bad link").text == str(RefusedError("Bad link")) == "Bad link"
