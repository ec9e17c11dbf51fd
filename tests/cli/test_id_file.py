from collections.abc import Iterable, Iterator
from string import ascii_lowercase, digits

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.id_check import IdCheck, argument
from agencia_async.cli.input.id_file import IdFile
from tests.support.rounds import rounds
from tests.support.texts import texts_of

NAMES = ("order", "order_id", "id")


def ids(text: str, *columns: str) -> list[int | str]:
    return list(read(text.splitlines(keepends=True), *columns))


def read(lines: Iterable[str], *columns: str, any_id: bool = True) -> Iterator[int | str]:
    check = IdCheck("ids.csv", any_id=any_id)
    file = IdFile(lines, "ids.csv", columns or NAMES, any_id=any_id)
    return (check.take(line, text) for line, text in file.texts())


@pytest.mark.parametrize(
    "text",
    [
        "1\n2\n",
        "1\r\n2\r\n",
        "1\n2",
        "\n# a comment\n1\n\n  # another, with a comma\n 2 \n",
        "order\n1\n2\n",
        "Order ID\n1\n2\n",
        "link,order\nhttps://a.b,1\nhttps://c.d,2\n",
        "id;order;name\n8;1;x\n9;2;y\n",
        "id\torder\n8\t1\n9\t2\n",
        'name,order\n"two\nlines",1\n"a, comma",2\n',
        "# exported today\n\norder,name\n# begin\n1,x\n,\n2,y\n",
        '"1"\n"2"\n',
    ],
)
def test_lists_and_columns(text: str) -> None:
    assert ids(text) == [1, 2]


def test_text_ids_and_numbers_that_are_not_plain_stay_as_they_are() -> None:
    assert ids("7\n007\nabc-1\n0\n9999999999999999999\n٣\n") == [
        7,
        "007",
        "abc-1",
        "0",
        "9999999999999999999",
        "٣",
    ]


def test_a_named_column() -> None:
    assert ids("order;Pedido nr\n1;5\n2;6\n", "pedido-nr") == [5, 6]


@pytest.mark.parametrize("column", ["-", ".", "", " "])
def test_a_column_without_a_heading_has_no_name(column: str) -> None:
    with pytest.raises(UsageError, match=r"^ids.csv: no column "):
        ids(",id\n1,2\n", column)
    assert ids("-,id\n1,2\n", "-") == [1]


def test_lines_in_the_only_cell_of_a_row() -> None:
    with pytest.raises(UsageError, match=r"line 2: the row has no cell in the id column"):
        ids('x,id\n"a\nb\nc"\n')


def test_nothing_is_no_ids() -> None:
    assert ids("") == []
    assert ids("\n# nothing\n\n") == []


@pytest.mark.parametrize(
    ("text", "columns", "fault"),
    [
        ("1\n2 3\n", (), "ids.csv, line 2: id '2 3' contains a comma, whitespace or a control character"),
        ("1\n2,3\n", (), "ids.csv, line 2: id '2,3' contains a comma, whitespace or a control character"),
        ("\n\n1\n\n2\x073\n", (), r"ids.csv, line 5: id '2\x073' contains a comma, whitespace"),
        ("1\nx\ufffd\n", (), "ids.csv, line 2: id 'x\ufffd' is not valid UTF-8"),
        ("1\n\x7fELF\0\n", (), "ids.csv, line 2: not a text file"),
        ("\x7fELF\0\n", (), "ids.csv, line 1: not a text file"),
        ("order,x\n1,2\n,3\n", (), "ids.csv, line 3: empty id"),
        ("x,order\n1\n", (), "ids.csv, line 2: the row has no cell in the id column"),
        (
            "1,2\n3,4\n",
            (),
            "no column order or order_id or id; the columns are '1', '2'; ids belong on lines of their own",
        ),
        ("1\n2\n", ("nr",), "no column nr; the columns are '1'; choose one with --column"),
        (f"1\n{'9 ' * 200}\n", (), f"'{'9 ' * 20}...' contains"),
        ('order,x\n1,"' + "x" * 200_000, (), "ids.csv, line 2: a quote is opened here but never closed"),
    ],
)
def test_faults_are_named_with_their_line(text: str, columns: tuple[str, ...], fault: str) -> None:
    with pytest.raises(UsageError) as caught:
        ids(text, *columns)
    assert fault in str(caught.value)


def test_it_reads_no_further_than_it_is_asked_to() -> None:
    count = 0

    def endless() -> Iterator[str]:
        nonlocal count
        while True:
            count += 1
            yield f"{count}\n"

    numbers = read(endless())
    assert [next(numbers) for _ in range(3)] == [1, 2, 3]
    assert count == 3


NAMES_OF_ORDERS = st.builds(
    str.__add__, st.sampled_from(ascii_lowercase), texts_of(ascii_lowercase + digits + "-", max_size=20)
)


@settings(max_examples=rounds(25, nightly=1_000))
@given(st.lists(st.integers(1, 10**17) | NAMES_OF_ORDERS))
def test_every_id_comes_back(wanted: list[int | str]) -> None:
    text = "".join(f"{one},x\n" for one in wanted)
    assert ids(f"order,name\n{text}") == wanted


def test_what_failed_before_has_no_id_to_go_on_with() -> None:
    lines = ["id,ok,refill\n", "1,true,7\n", "2,false,\n", "3,true,8\n"]
    assert list(read(lines, "refill", "id")) == [7, 8]


def test_orders_that_were_not_placed_have_no_id_either() -> None:
    lines = ["reference,state,order\n", "a,placed,7\n", "b,refused,\n", "c,unknown,\n", "d,placed,8\n"]
    assert list(read(lines)) == [7, 8]


def test_quotes_in_comments_mean_nothing_and_what_is_quoted_is_no_comment() -> None:
    assert ids('order,x\n#,"\n1,2\n"#3",4\n') == [1, "#3"]


def test_an_empty_id() -> None:
    with pytest.raises(UsageError, match="argument 1: empty id"):
        argument(" ", "argument 1")


def test_many_lines_without_anything_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agencia_async.cli.input.csv_text._MOST_SKIPPED", 3)
    assert ids("\n\n1\n\n\n2\n") == [1, 2]
    with pytest.raises(UsageError, match=r"ids.csv: more than 3 blank or comment lines in a row"):
        ids("1\n\n\n\n2\n")


def test_a_quoted_cell_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agencia_async.cli.input.csv_text.MOST_CHARACTERS", 100)
    with pytest.raises(UsageError, match=r"ids.csv, line 2: a quote is opened here but never closed"):
        ids('order,x\n1,"' + "many\n" * 40 + '"\n')


@pytest.mark.parametrize(
    "texts", [["5f6e7d8c", "12345e10", "deadbeef"], ["12345678E2", "98765432E3", "ab345678E2"]]
)
def test_hexadecimal_ids_that_look_like_numbers(texts: list[str]) -> None:
    assert [*read([f"{text}\n" for text in texts], any_id=False)] == texts
    with pytest.raises(UsageError, match="not of the form of the others"):
        [*read(["23501\n", "23502\n", f"{texts[1]}\n"], any_id=False)]
