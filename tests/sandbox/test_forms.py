import pytest

from agencia_async.sandbox.forms import MAX_FIELDS, form_of

TYPE = "multipart/form-data; boundary=xYz"


def part(name: str, value: str, more: str = "") -> str:
    return f'--xYz\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


def read(*parts: str, end: str = "--xYz--\r\n", content_type: str = TYPE) -> dict[str, str]:
    return form_of(("".join(parts) + end).encode(), content_type)


def test_a_urlencoded_form_is_read_whatever_it_is_called() -> None:
    for content_type in ("application/x-www-form-urlencoded", "", "text/plain"):
        assert form_of(b"key=a+b&orders=1%2C2&empty=&key=c", content_type) == {
            "key": "c",
            "orders": "1,2",
            "empty": "",
        }


def test_each_part_is_a_field_and_the_last_of_a_name_counts() -> None:
    assert read(part("key", "a"), part("link", "https://x.org/?a=1&b"), part("e", ""), part("key", "c")) == {
        "key": "c",
        "link": "https://x.org/?a=1&b",
        "e": "",
    }


@pytest.mark.parametrize("value", ["a\r\nb\r\n", "\r\n\r\n", "--xY", "a--xYz", "ç ☃", "a\n\nb"])
def test_a_value_is_what_stands_between_the_boundaries(value: str) -> None:
    assert read(part("comments", value), part("key", "k")) == {"comments": value, "key": "k"}


def test_what_is_no_text_is_replaced() -> None:
    body = part("a", "?").encode().replace(b"?", b"\xff") + b"--xYz--"
    assert form_of(body, TYPE) == {"a": "\ufffd"}


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/form-data; boundary="xYz"',
        "Multipart/Form-Data;charset=utf-8; Boundary=xYz",
        "multipart/form-data; boundary=xYz; charset=utf-8",
        "multipart/form-data; boundary=xYz, text/plain",
    ],
)
def test_a_boundary_is_found(content_type: str) -> None:
    assert read(part("a", "1"), content_type=content_type) == {"a": "1"}


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=o"],
)
def test_without_its_boundary_a_form_is_empty(content_type: str) -> None:
    assert read(part("a", "1"), content_type=content_type) == {}


@pytest.mark.parametrize(
    "more", ['; filename="a.txt"', "; filename=a", "; FileName*=UTF-8''a", ';filename=""']
)
def test_a_file_is_no_field(more: str) -> None:
    assert read(part("a", "1", more), part("b", "2")) == {"b": "2"}


@pytest.mark.parametrize(
    "head",
    [
        "content-disposition: form-data; name=a",
        'CONTENT-DISPOSITION: form-data; NAME="a"',
        'Content-Type: text/plain\r\nContent-Disposition: form-data; name="a"',
        'Content-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=utf-8',
    ],
)
def test_a_name_is_found(head: str) -> None:
    assert read(f"--xYz\r\n{head}\r\n\r\n1\r\n") == {"a": "1"}
    assert read(f"--xYz\n{head}\n\n1\n".replace("\r", "")) == {"a": "1"}


@pytest.mark.parametrize(
    "odd",
    [
        "--xYz\r\nContent-Type: text/plain\r\n\r\n1\r\n",
        "--xYz\r\nContent-Disposition: form-data\r\n\r\n1\r\n",
        '--xYz\r\nContent-Disposition: form-data; name="a"\r\n',
        "before the first boundary\r\n",
    ],
)
def test_a_part_without_a_name_or_a_value_is_ignored(odd: str) -> None:
    assert read(odd, part("b", "2")) == {"b": "2"}


def test_a_name_may_be_empty() -> None:
    assert read(part("", "1")) == {"": "1"}


def test_what_stands_behind_the_end_is_ignored_and_the_end_may_be_missing() -> None:
    assert read(part("a", "1"), "--xYz--\r\n", part("b", "2")) == {"a": "1"}
    assert read(part("a", "1"), part("b", "2"), end="") == {"a": "1", "b": "2\r\n"}


@pytest.mark.parametrize("count", [MAX_FIELDS, MAX_FIELDS + 1, 3 * MAX_FIELDS])
def test_the_number_of_fields_is_bounded(count: int) -> None:
    fields = read(*(part(str(number), "x") for number in range(count)))
    assert list(fields) == [str(number) for number in range(MAX_FIELDS)]
    assert {*fields.values()} == {"x"}
    body = "&".join(f"{number}=x" for number in range(count)).encode()
    assert len(form_of(body, "")) == (MAX_FIELDS if count == MAX_FIELDS else 0)


def test_the_head_of_a_part_is_bounded() -> None:
    head = "Content-Disposition: ;" * 40_000
    assert read(f'--xYz\r\n{head} form-data; name="a"\r\n\r\n1\r\n', part("b", "2")) == {"b": "2"}
