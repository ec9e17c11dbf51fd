import io
import json
import sys
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pytest
from rich.console import Console

from agencia_async.cli.exit import UsageError
from agencia_async.cli.output.rows import Column, Format, Layout, Row, terminal, writer
from agencia_async.cli.text import cell, one_line, several

LAYOUT = Layout(
    ("id", "ok", "charge", "error"),
    (Column("id", "id", 4), Column("charge", "charge", 8, right=True, style=lambda _: "green")),
)
GOOD: dict[str, object] = {"id": 1, "ok": True, "charge": Decimal("1E+2"), "error": None}
BAD: dict[str, object] = {"id": "x", "ok": False, "charge": None, "error": 'no, "never"'}


def written(form: Format | None, *rows: Row, path: Path) -> str:
    with writer(form, LAYOUT, file=path) as lines:
        for row in rows:
            lines.row(row)
    return path.read_text(encoding="utf-8")


def test_csv_is_what_a_file_gets(tmp_path: Path) -> None:
    text = written(None, GOOD, BAD, path=tmp_path / "out")
    assert text == 'id,ok,charge,error\n1,true,100,\nx,false,,"no, ""never"""\n'


def test_what_would_be_read_as_a_comment_is_quoted(tmp_path: Path) -> None:
    assert '"#7","true","",""\n' in written(None, {"id": "#7", "ok": True}, path=tmp_path / "out")


def test_a_table_tells_a_state_and_may_have_a_column_for_errors(tmp_path: Path) -> None:
    text = written(Format.TABLE, BAD | {"state": "refused"}, path=tmp_path / "out")
    assert text.endswith('x     refused: no, "never"\n')
    with writer(Format.TABLE, Layout(("id",), (Column("id"), Column("error"))), file=tmp_path / "e") as lines:
        lines.row(BAD)
    assert (tmp_path / "e").read_text() == 'x  no, "never"\n'


def test_a_long_text_is_continued_below_its_beginning() -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=40, color_system=None)
    layout = Layout(("id", "detail"), (Column("id", "id", 4), Column("detail", "detail", wrap=True)))
    with writer(None, layout, terminal=screen) as lines:
        lines.row({"id": 1, "detail": "one two three four five six seven eight nine"})
        lines.row({"id": 2, "detail": ""})
    assert isinstance(screen.file, io.StringIO)
    assert screen.file.getvalue() == (
        "id    detail\n1     one two three four five six seven\n      eight nine\n2\n"
    )


def test_json_is_one_array_with_money_as_text(tmp_path: Path) -> None:
    text = written(Format.JSON, GOOD, BAD, path=tmp_path / "out")
    assert json.loads(text) == [GOOD | {"charge": "100"}, BAD]
    assert len(text.splitlines()) == 4
    assert json.loads(written(Format.JSON, path=tmp_path / "none")) == []


def test_json_lines_tell_the_extra_fields(tmp_path: Path) -> None:
    extra: dict[str, object] = {"runs": Decimal("0.10"), "more": MappingProxyType({"é": 1}), "other": 5}
    text = written(Format.JSONL, GOOD | extra | {"extra": extra}, BAD, path=tmp_path / "out")
    first, second = map(json.loads, text.splitlines())
    assert first == GOOD | {"charge": "100", "extra": {"runs": "0.10", "more": {"é": 1}, "other": 5}}
    assert "é" in text
    assert "extra" not in second


def test_a_table_shows_why_a_row_failed(tmp_path: Path) -> None:
    text = written(Format.TABLE, GOOD, BAD, path=tmp_path / "out")
    assert text == 'id      charge\n1          100\nx     error: no, "never"\n'


SPARE = (
    Column("a", "a", 4),
    Column("b", "bb", 6, spare=True),
    Column("c", "c", 3),
    Column("d", "d", 5, right=True, spare=True),
)


@pytest.mark.parametrize(
    ("width", "headings"),
    [(24, "abbcd"), (23, "abbc"), (17, "abbc"), (16, "ac"), (1, "ac")],
)
def test_a_narrow_terminal_shows_fewer_columns(width: int, headings: str) -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=width)
    with writer(None, Layout(("a",), SPARE), terminal=screen) as lines:
        lines.row(dict.fromkeys("abcd", ""))
    assert isinstance(screen.file, io.StringIO)
    assert "".join(screen.file.getvalue().split()) == headings


def test_a_table_without_headings_has_no_first_line(tmp_path: Path) -> None:
    with writer(Format.TABLE, Layout(("id",), (Column("id"),)), file=tmp_path / "out") as lines:
        lines.row({"id": "a\x1b[31m\nb"})
    assert (tmp_path / "out").read_text() == "a?[31m b\n"


def test_each_row_is_whole_on_disk_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with writer(Format.CSV, LAYOUT, file=path) as lines:
        lines.row(GOOD)
        assert path.read_text() == "id,ok,charge,error\n1,true,100,\n"


class Broken:
    def __str__(self) -> str:
        raise ZeroDivisionError


def test_what_was_written_stays_whole_when_something_goes_wrong(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with pytest.raises(ZeroDivisionError):
        written(Format.JSON, GOOD, {"id": Broken()}, path=path)
    assert len(json.loads(path.read_text())) == 1


def test_a_file_keeps_what_it_held_until_there_is_a_row(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("the old rows, which are longer than the new ones\n" * 3)
    with pytest.raises(KeyboardInterrupt), writer(Format.CSV, LAYOUT, file=path):
        raise KeyboardInterrupt
    assert "the old rows" in path.read_text()
    assert written(Format.CSV, path=path) == "id,ok,charge,error\n"


@pytest.mark.parametrize("many", [1, 20_000])
@pytest.mark.parametrize("old", ["the old rows\n", ""])
def test_an_old_file_is_kept_until_there_is_something_better(tmp_path: Path, old: str, many: int) -> None:
    path = tmp_path / "out"
    path.write_text(old)
    line = 'x,false,,"no, ""never"""\n'
    with writer(Format.CSV, LAYOUT, file=path, hold=True) as lines:
        for _ in range(many):
            lines.row(BAD)
        assert path.read_text() == (old or f"id,ok,charge,error\n{line * many}")
        lines.release()
        lines.row(GOOD)
        assert path.read_text() == f"id,ok,charge,error\n{line * many}1,true,100,\n"
        assert not lines.keep_old()


@pytest.mark.parametrize("is_interrupted", [True, False])
def test_an_old_file_is_replaced_at_the_end_unless_it_is_kept(
    tmp_path: Path, *, is_interrupted: bool
) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    with (
        pytest.raises(KeyboardInterrupt) if is_interrupted else nullcontext(),
        writer(Format.JSON, LAYOUT, file=path, hold=True) as lines,
    ):
        lines.row(BAD)
        if is_interrupted:
            raise KeyboardInterrupt
    assert len(json.loads(path.read_text())) == 1
    path.write_text("old")
    with writer(Format.JSON, LAYOUT, file=path, hold=True) as lines:
        lines.row(BAD)
        assert lines.keep_old()
        lines.row(BAD)
    assert path.read_text() == "old"


def test_what_is_not_a_file_has_nothing_old(capsys: pytest.CaptureFixture[str]) -> None:
    with writer(Format.CSV, LAYOUT, hold=True) as lines:
        lines.row(GOOD)
        lines.release()
        assert not lines.keep_old()
    assert capsys.readouterr().out == "id,ok,charge,error\n1,true,100,\n"


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Is a directory"), writer(None, LAYOUT, file=tmp_path):
        pass  # pragma: no cover - it is not reached


def test_a_device_has_no_length(capsys: pytest.CaptureFixture[str]) -> None:
    assert written(None, GOOD, path=Path("/dev/null")) == ""
    assert capsys.readouterr().out == ""


def test_a_terminal_gets_a_table_in_bundles() -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=20, color_system="standard")
    shown = screen.file
    assert isinstance(shown, io.StringIO)
    with writer(None, LAYOUT, terminal=screen) as lines:
        for _ in range(100):
            lines.row(GOOD)
        assert len(shown.getvalue().splitlines()) == 100
        lines.row(BAD)
    rows = shown.getvalue().splitlines()
    assert len(rows) == 102
    assert "\x1b[32m     100" in rows[1]
    assert 'error: no, "never"' in rows[-1]


def test_a_terminal_is_used_only_where_the_rows_go_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert terminal(None) is None
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert terminal(Path("x")) is None
    assert terminal(None) is not None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("0.00000001"), "0.00000001"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-1.10"), "-1.10"),
        (None, ""),
        (True, "true"),
        (False, "false"),
        (7, "7"),
    ],
)
def test_cells(value: object, shown: str) -> None:
    assert cell(value) == shown


def test_words() -> None:
    assert one_line(" a\n\tb\x07 ") == "a b?"
    assert several(1, "id") == "1 id"
    assert several(5050, "id") == "5,050 ids"
