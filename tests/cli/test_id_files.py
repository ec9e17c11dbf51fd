"""Files as spreadsheets, shells and people leave them: what is sent, what is refused, and what is said."""

import codecs
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from .conftest import Agencia, WatchedPanel

A, B, C = "23501", "23502", "23503"
GOOD = {A, B, C}

pytestmark = pytest.mark.usefixtures("here")


class File(NamedTuple):
    """A file, the ids that are sent of it, and what is said."""

    content: str | bytes
    sent: Iterable[str] = ()
    said: str = ""
    more: tuple[str, ...] = ()


def damaged(text: str, said: str) -> File:
    """A file with two good ids, and what became of the third."""
    return File(f"{A}\n{text}\n{B}\n", (), said)


UUIDS = [f"{number}23e4567-e89b-12d3-a456-426614174000" for number in range(3)]
HEX = ["507f1f77bcf86cd799439011", "507f1f77bcf86cd79943901e", "123456789012345678901234"]

READ = [
    File(f"{A}\n{B}\n", [A, B]),
    File(f"{A}\r\n{B}\r\n", [A, B]),
    File(f"{A}\r{B}\r", [A, B]),
    File(f"{A}\n{B}", [A, B]),
    File(f"  {A}  \n\n\t{B}\n\n", [A, B]),
    File(f"\ufeff{A}\n{B}\n", [A, B]),
    File(f"{A}\n{B}\n".encode("utf-16"), [A, B]),
    File(codecs.BOM_UTF16_BE + f"order\n{A}\n".encode("utf-16-be"), [A]),
    File(f"{A}\n{B}\n".encode("utf-16-le"), [A, B]),
    File(f"{A}\n{B}\n".encode("utf-16-be"), [A, B]),
    File(f"order\tname\n{A}\té\n".encode("utf-32"), [A]),
    File(f"order,name\n{A},Jos\xe9\n".encode("latin-1"), [A]),
    File(f"Orders\n{A}\n", [A]),
    File(f"OrderID\n{A}\n", [A]),
    File(f"ids\n{A}\n", [A]),
    File(f"No.\n{A}\n", [A]),
    File(f"№\n{A}\n", [A]),
    File(f"Pedidos\n{A}\n", [A]),
    File(f"Номера заказов\n{A}\n", [A]),
    File(f"Total\n{A}\n", [A]),
    File(f"OrderID;Link\n{A};x\n", [A]),
    File(f"Order-ID,Link\n{A},x\n", [A]),
    File(f"ID\tLink\n{A}\tx\n", [A]),
    File(f"sep=;\norder;x\n{A};1\n", [A]),
    File(f'"sep=|"\norder|x\n{A}|1\n', [A]),
    File(f'"{A}"\n"{B}"\n', [A, B]),
    File(f"Column1\n{A}\n", [A], "", ("--column", "Column1")),
    File(f"#{A}\n#{B}\n", [A, B]),
    File(f"order\n#{A}\n#{B}\n", [A, B]),
    File(f"order,link\n#{A},x\n#{B},y\n", [A, B]),
    File(f"link,order\nx,#{A}\ny,#{B}\n", [A, B]),
    File(f"# today\n#{A}\n# {B}\n", [A], "2 # comments skipped"),
    File(f"# today\n{A}\n#{B}\n{C}\n#\n", [A, C], "3 # comments skipped"),
    File(f"order,x\n{A},1\n#{B},2\n", [A], "1 # comment skipped"),
    File(f'order,note\n{A},"two\nlines"\n{B},"{C}"\n', [A, B]),
    File(f'order,note\n{A},"a\0b"\n{B},\u2028\n', [A, B]),
    File(f'order,note\n{A},5" nail\n', [A]),
    File(f"{A}\n{A}\n{B}\n", [A, B]),
    File("\n".join(UUIDS), UUIDS),
    File("\n".join(HEX), HEX),
    File("ORD-1\nORD-22\nORD-333\n", ["ORD-1", "ORD-22", "ORD-333"]),
    File("x7Gh2K\n98a\nQz9\n123\n", ["x7Gh2K", "98a", "Qz9", "123"]),
    File("0001\n0002\n1234\n", ["0001", "0002", "1234"]),
    File("2024-000123\n2024-000124\n", ["2024-000123", "2024-000124"]),
    File("1234567890123450000\n1234567890123461234\n", ["1234567890123450000", "1234567890123461234"]),
    File("1.2E+05\nTotal\n-7\n", ["1.2E+05", "Total", "-7"], "", ("--any-id",)),
    File(f"order\n#7\nabc\n{A}\n", ["abc", A], "1 # comment skipped", ("--any-id",)),
    File(f"reference,state,order\nx,placed,{A}\ny,refused,\n", [A], "1 failed row without an id skipped"),
    File(
        f"reference,state,order\nx,refused,\ny,placed,{A}\nz,refused,\n",
        [A],
        "2 failed rows without an id skipped",
    ),
]

REFUSED = [
    damaged("1.2E+05", "2: id '1.2E+05' is a number in scientific notation, probably a number near 120000"),
    damaged("1,2E+5", "contains a comma"),
    damaged("1E5", "scientific notation, probably a number near 100000"),
    damaged("1.5e-3", "scientific notation, probably a longer number"),
    damaged("1e+99", "scientific notation"),
    damaged("12E10", "scientific notation"),
    damaged("23501.0", "a decimal number, probably 23501"),
    damaged("23501.", "a decimal number, probably 23501"),
    damaged("23501.5", "a decimal number;"),
    damaged("23.501", "a number with separators, probably 23501"),
    damaged("23'501", "a number with separators, probably 23501"),
    damaged("23 501", "contains a comma, whitespace"),
    damaged("23\u00a0501", "(NO-BREAK SPACE); it is a number with separators, probably 23501"),
    damaged("'23501", "an id in quotes, probably 23501"),
    damaged("`23501`", "an id in quotes, probably 23501"),
    damaged('"""23501"""', "an id in quotes, probably 23501"),
    damaged("“23501”", "an id in quotes, probably 23501"),
    damaged("«23501»", "an id in quotes, probably 23501"),
    damaged('="23501"', "a formula of a spreadsheet, probably 23501"),
    damaged('"=""23501"""', "a formula of a spreadsheet, probably 23501"),
    damaged("=A2", "a formula of a spreadsheet"),
    damaged("２３５０１", "a number with digits that are not ASCII, probably 23501"),
    damaged("٢٣٥٠١", "a number with digits that are not ASCII, probably 23501"),
    damaged("-23501", "a number with a sign, probably 23501"),
    damaged("−23501", "a number with a sign, probably 23501"),
    damaged("+23501", "a number with a sign, probably 23501"),
    damaged("(23501)", "a number with a sign, probably 23501"),
    damaged("nan", "an empty value"),
    damaged("N/A", "an empty value"),
    damaged("NULL", "an empty value"),
    damaged("-", "an empty value"),
    damaged("#N/A", "an error value of a spreadsheet"),
    damaged("#REF!", "an error value of a spreadsheet"),
    damaged("#DIV/0!", "an error value of a spreadsheet"),
    damaged("#WERT!", "an error value of a spreadsheet"),
    damaged("TRUE", "an empty value"),
    damaged("Total", "a total"),
    damaged("Toplam:", "a total"),
    damaged("2026-01-05", "a date, a time or a fraction"),
    damaged("05.01.2026", "a date, a time or a fraction"),
    damaged("1/5/26", "a date, a time or a fraction"),
    damaged("5-Jan", "a date, a time or a fraction"),
    damaged("Sep-02", "a date, a time or a fraction"),
    damaged("12:30", "a date, a time or a fraction"),
    damaged("1/2", "a date, a time or a fraction"),
    damaged("$23501", "an amount or a percentage"),
    damaged("12%", "an amount or a percentage"),
    damaged("23501;", "not of the form of the others (numbers), probably 23501"),
    damaged("№23501", "not of the form of the others (numbers), probably 23501"),
    damaged("order23501", "not of the form of the others (numbers), probably 23501"),
    damaged("0x5BCD", "not of the form of the others (numbers)"),
    damaged("007", "not of the form of the others (numbers), probably 7"),
    damaged("0", "not of the form of the others (numbers)"),
    damaged("2350l", "not of the form of the others (numbers)"),
    damaged("done", "not of the form of the others (numbers)"),
    damaged("----------", "not of the form of the others (numbers)"),
    damaged("235\u200b02", "(ZERO WIDTH SPACE)"),
    damaged("\ufeff23502", "(ZERO WIDTH NO-BREAK SPACE)"),
    damaged("\u202e10532", "(RIGHT-TO-LEFT OVERRIDE)"),
    damaged("23502\x1b[0m", "a control character"),
    damaged("23\ufffd02", "is not valid UTF-8"),
    damaged("1\0", "not a text file (contains NUL)"),
    File("1234567890123450000\n1234567890123460000\n", (), "ends with zeros after 15 digits"),
    File("ORD-1\nORD-2\n3\n", (), "line 3: id '3' is not of the form of the others (ord- and a number)"),
    File("\n".join([*UUIDS, "7"]), (), "(UUIDs)"),
    File("\n".join([*HEX, "7"]), (), "(24 hexadecimal digits)"),
    File("abcd123z\nabcd124z\n1\n", (), "(8 letters and digits)"),
    File("0001\n0002\n12\n", (), "(4 digits)"),
    File("2024-000123\n2024-000124\n7\n", (), "(numbers of 4-6 digits)"),
    File("x7Gh2K\n98a\nQz9\n1_2\n", (), "(letters and digits)"),
    File(f"{A}\nx-1\n", (), "no form is that of most"),
    File(f"Orders 2026\n{A}\n", (), "line 1: id 'Orders 2026' contains"),
    File(f"nan\n{A}\n", (), "line 1: id 'nan' is an empty value"),
    File(f"{A} {B}\n{C}\n", (), "line 1"),
    File(f"{A},{B}\n", (), "ids belong on lines of their own, or under a heading"),
    File(f"order,order\n{A},{B}\n", (), "more than one column 'order'"),
    File(f"order id,OrderID\n{A},{B}\n", (), "more than one column 'orderid'"),
    File(f'order,x\n{A},"a\n{B},b\n{C},c\n', (), "line 2: a quote is opened here but never closed"),
    File(f'order,x\n{A},"a\n{B},b"\n{C},c\n', (), "line 2: a quote is not closed on this line, and line 3"),
    File(f'order,x\n{A},"a"b\n{B},b\n', (), "line 2: not valid CSV"),
    File(f'{A}\n"{B}\n{C}\n', (), "line 2: a quote is opened here but never closed"),
    File(f"order,x\n{A},1\n,2\n", (), "line 3: empty id"),
    File(f"x,order\n1,{A}\n2\n", (), "line 3: the row has no cell in the id column"),
    File(f"Column1\n{A}\n{B}\n", (), "line 1: id 'Column1' is not of the form of the others"),
    File("Orders\n", (), "no ids in ids"),
    File("# nothing\n", (), "no ids in ids"),
    File(b"PK\x03\x04" + bytes(60), (), "an Excel workbook (xlsx), or another zip file; save it as CSV"),
    File(b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument", (), "an OpenDocument"),
    File(b"\xd0\xcf\x11\xe0" + bytes(60), (), "an old Excel workbook (xls)"),
    File(b"%PDF-1.7\n", (), "a PDF document"),
    File(b"\x1f\x8b\x08" + bytes(20), (), "compressed (gzip)"),
    File(b"SQLite format 3\0", (), "agencia journal export"),
    File(f"<table><tr><td>{A}</td></tr></table>", (), "HTML or XML"),
    File(f'[{{"id": {A}}}]', (), "JSON; a CSV file is needed"),
    File(bytes(100), (), "line 1: not a text file (contains NUL)"),
    File(bytes(100_000), (), "line 1: longer than 65,535 characters"),
    File(",".join([A] * 20_000), (), "line 1: longer than 65,535 characters"),
    File(",".join([A] * 5_000), (), "and 4,980 more"),
    File("\n".join([A, *["x"] * 30]), (), "no form is that of most"),
    File("\n".join([A] * 40 + ["x-1"] * 30), (), "... and 10 more\nagencia: 30 of 70 ids cannot be used"),
    File("\n".join([A] * 3 + ["1E+5"] * 300), (), "... and 280 more\nagencia: 300 of 303 ids cannot be used"),
]  # fmt: skip


def sent(panel: WatchedPanel) -> list[str]:
    return [str(one) for request in panel.requests for one in request.ids]


def written(file: File) -> Path:
    content = file.content if isinstance(file.content, bytes) else file.content.encode()
    Path("ids").write_bytes(content)
    return Path("ids")


def test_the_table_is_long_enough() -> None:
    assert len(READ) + len(REFUSED) >= 80


@pytest.mark.parametrize("file", READ, ids=lambda file: repr(file.content)[:40])
def test_files_that_are_read(panel: WatchedPanel, agencia: Agencia, file: File) -> None:
    done = agencia("cancel", "--file", written(file), "--yes", *file.more)
    assert done.code == 1  # the panel knows none of them
    assert sorted(sent(panel)) == sorted(file.sent)
    assert file.said in done.err
    panel.requests.clear()
    with Path("ids").open("rb") as stream:
        done = agencia("status", "-", *file.more, input=stream.read())
    assert sorted(sent(panel)) == sorted(file.sent)
    assert file.said in done.err


@pytest.mark.parametrize("file", REFUSED, ids=lambda file: repr(file.content)[:40])
def test_files_that_are_refused(panel: WatchedPanel, agencia: Agencia, file: File) -> None:
    for source in (("--file", written(file)), ("-",)):
        content = Path("ids").read_bytes()
        done = agencia("cancel", *source, "--yes", *file.more, input=content)
        assert (done.code, done.out, panel.received) == (2, "", 0)
        said = file.said if source[0] == "--file" else file.said.replace("in ids", "in stdin")
        assert said in done.err
    assert agencia("status", "--file", "ids").code == 2
    assert panel.received == 0
    is_seen = "zeros" not in file.said  # the form of numbers of a stream is not known before its end
    assert agencia("status", "-", input=content).code == (2 if is_seen else 1)
    assert set(sent(panel)) <= GOOD | set(str(file.content).split())
