import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from agencia_async._journal import file_identity
from agencia_async._journal.file_identity import identity_of, note_claims, noted_claims, place_of


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "a").write_text("a")
    return str(tmp_path / "a")


def test_a_copy_is_another_file_and_a_moved_one_is_not(file: str) -> None:
    identity = identity_of(file)
    shutil.copy2(file, f"{file}2")
    assert identity_of(f"{file}2") != identity
    os.rename(file, f"{file}3")  # noqa: PTH104 - paths are texts here
    assert identity_of(f"{file}3") == identity
    assert place_of(file) is None
    assert place_of(f"{file}3") != place_of(f"{file}2")


def test_where_a_file_system_has_no_id_its_device_counts(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_fsid=0))
    device = os.stat(file).st_dev  # noqa: PTH116 - see above
    assert identity_of(file).startswith(f"{device}:")
    monkeypatch.delattr(os, "statvfs")
    assert identity_of(file).startswith(f"{device}:")


def test_where_the_time_of_birth_is_told(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = SimpleNamespace(st_dev=1, st_ino=2, st_birthtime=3.5)
    monkeypatch.setattr(os, "stat", lambda _: told)
    assert identity_of(file).endswith(":2:3.5")


@pytest.mark.parametrize("how", ["another system", "an error", "not known"])
def test_where_it_is_not_told(how: str, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file_identity._statx.cache_clear()  # noqa: SLF001
    if how == "another system":
        monkeypatch.setattr("sys.platform", "darwin")
    else:
        result = -1 if how == "an error" else 0
        monkeypatch.setattr(file_identity, "_statx", lambda: lambda *_: result)
    assert identity_of(file).endswith(":")
    monkeypatch.undo()
    file_identity._statx.cache_clear()  # noqa: SLF001


def test_claims_are_noted_beside_the_content(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, bytes] = {}
    monkeypatch.setattr(
        os, "setxattr", lambda path, name, value: kept.update({path + name: value}), raising=False
    )
    monkeypatch.setattr(os, "getxattr", lambda path, name: kept.get(path + name, b"nothing"), raising=False)
    assert noted_claims(file) == 0
    note_claims(file, 7)
    assert noted_claims(file) == 7


def test_where_nothing_can_be_noted(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("not supported")

    for name in ("setxattr", "getxattr"):
        monkeypatch.setattr(os, name, fail, raising=False)
    note_claims(file, 7)
    assert noted_claims(file) == 0
    for name in ("setxattr", "getxattr"):
        monkeypatch.delattr(os, name)
    note_claims(file, 7)
    assert noted_claims(file) == 0
