import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.ids import IdOptions, Ids, open_ids

NAMES = ("order", "id")


async def taken(ids: Ids) -> list[int | str]:
    return [id async for id in ids.stream()]  # noqa: A001 - the protocol's own word


async def test_arguments() -> None:
    ids = open_ids(IdOptions(ids=["1", "abc"]), NAMES)
    assert (ids.name, ids.total, ids.width) == ("the arguments", 2, 3)
    assert await taken(ids) == [1, "abc"]
    ids.check()


async def test_a_file_is_checked_and_counted_first(tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    path.write_bytes("\ufefforder;name\n1;José\n22;x\n".encode())
    ids = open_ids(IdOptions(file=path), NAMES)
    assert (ids.total, ids.width) == (2, 2)
    assert await taken(ids) == [1, 22]
    ids.check()


async def test_other_columns_may_be_in_any_encoding(tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    path.write_bytes("order,name\r\n1,José\r\n".encode("latin-1"))
    assert await taken(open_ids(IdOptions(file=path), NAMES)) == [1]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "no ids in ids"),
        (b"# none\n", "no ids in ids"),
        (b"1\n2 3\n", "ids, line 2: id '2 3'"),
    ],
)
def test_faults_of_a_file_are_found_before_anything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, fault: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ids").write_bytes(content)
    with pytest.raises(UsageError, match=fault):
        open_ids(IdOptions(file=Path("ids")), NAMES)


@pytest.mark.parametrize(("name", "reason"), [("missing", "No such file"), ("", "Is a directory")])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(UsageError, match=f"cannot read .*: {reason}"):
        open_ids(IdOptions(file=tmp_path / name), NAMES)


@pytest.mark.parametrize("options", [IdOptions(), IdOptions(ids=["1"], file=Path("x"))])
def test_one_source_is_needed(options: IdOptions) -> None:
    with pytest.raises(UsageError, match="exactly one way"):
        open_ids(options, NAMES)


async def test_a_named_pipe_is_read_once_and_lazily(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writing = Thread(target=path.write_text, args=("id\n5\n6\n",))
    ids = open_ids(IdOptions(file=path), NAMES)
    assert ids.total is None
    writing.start()
    assert await taken(ids) == [5, 6]
    writing.join()


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The end to write to of a pipe that is standard input."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield writing


@pytest.mark.parametrize("options", [IdOptions(ids=["-"]), IdOptions(file=Path("-"))])
async def test_standard_input(piped: int, options: IdOptions) -> None:
    os.write(piped, b"nr,x\n1,2\n3,4\n")
    os.close(piped)
    ids = open_ids(IdOptions(ids=options.ids, file=options.file, column="nr"), NAMES)
    assert (ids.name, ids.total) == ("stdin", None)
    assert await taken(ids) == [1, 3]
    ids.check()


async def test_a_fault_of_a_stream_comes_after_what_was_before_it(piped: int) -> None:
    os.write(piped, b"1\n2 3\n")
    os.close(piped)
    ids = open_ids(IdOptions(ids=["-"]), NAMES)
    assert await taken(ids) == [1]
    with pytest.raises(UsageError, match="stdin, line 2"):
        ids.check()


async def test_an_empty_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    ids = open_ids(IdOptions(ids=["-"]), NAMES)
    assert await taken(ids) == []
    with pytest.raises(UsageError, match="no ids in stdin"):
        ids.check()


async def test_standard_input_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    ids = open_ids(IdOptions(ids=["-"]), NAMES)
    assert await taken(ids) == []
    with pytest.raises(UsageError, match="stdin is closed"):
        ids.check()
