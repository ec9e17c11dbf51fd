import stat
from pathlib import Path

import pytest

from agencia_async import AsyncClient
from agencia_async.cli.exit import UsageError
from agencia_async.cli.sandbox_profile import write_profile

URL = "http://127.0.0.1:8800/api/v2"
WRITTEN = (
    "# written by agencia sandbox --write-profile, for the sandbox that was started last\n"
    "[profiles.sandbox]\n"
    f'base_url = "{URL}"\n'
    'key_file = "sandbox.key"\n'
)
NORTH = (
    'default = "north"\n\n[profiles.north]\nbase_url = "https://north.example/api/v2"\nkey_env = "NORTH"\n'
)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "agencia" / "config.toml"
    monkeypatch.setenv("AGENCIA_CONFIG", str(file))
    return file


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_configuration_that_was_not_there(config: Path) -> None:
    assert write_profile(URL, "the-key") == config
    assert config.read_text() == WRITTEN
    key_file = config.parent / "sandbox.key"
    assert (key_file.read_text(), mode(key_file), mode(config)) == ("the-key\n", 0o600, 0o600)
    assert sorted(file.name for file in config.parent.iterdir()) == ["config.toml", "sandbox.key"]
    assert repr(AsyncClient.from_profile("sandbox")) == f"<AsyncClient of {URL}>"


def test_the_other_profiles_stay_as_they_are(config: Path) -> None:
    config.parent.mkdir()
    for before in (NORTH, NORTH.rstrip("\n")):
        config.write_text(before)
        config.chmod(0o640)
        write_profile(URL, "k")
        assert config.read_text() == f"{NORTH}\n{WRITTEN}"
        assert mode(config) == 0o640


def test_a_later_sandbox_changes_its_own_url_and_key_only(config: Path) -> None:
    config.parent.mkdir()
    config.write_bytes(f"{WRITTEN}timeout = 5\n\n{NORTH}".split("default", maxsplit=1)[0].encode())
    (config.parent / "sandbox.key").write_text("old")
    write_profile("http://127.0.0.1:9999/api/v2", "new")
    assert config.read_text() == WRITTEN.replace("8800", "9999") + "timeout = 5\n\n"
    assert (config.parent / "sandbox.key").read_text() == "new\n"


def test_windows_line_ends_stay(config: Path) -> None:
    config.parent.mkdir()
    config.write_bytes(WRITTEN.replace("\n", "\r\n").encode())
    write_profile("http://127.0.0.1:9999/api/v2", "k")
    assert config.read_bytes() == WRITTEN.replace("8800", "9999").replace("\n", "\r\n").encode()


def test_a_configuration_behind_a_link(config: Path, tmp_path: Path) -> None:
    config.parent.mkdir()
    real = tmp_path / "dotfiles.toml"
    real.write_text(NORTH)
    config.symlink_to(real)
    write_profile(URL, "k")
    assert config.is_symlink()
    assert real.read_text() == f"{NORTH}\n{WRITTEN}"


OWN = '[profiles.sandbox]\nbase_url = "https://sandbox.example/api"\nkey_env = "X"\n'


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (OWN.encode(), "has a profile 'sandbox' of its own: rename that one"),
        (b"[profiles", "cannot add a profile to "),
        (b"profiles = {north = {key_env = 'X'}}\n", "cannot add a profile to "),
        (b"\xff", ": not UTF-8 text"),
    ],
)
def test_what_is_there_is_never_overwritten(config: Path, before: bytes, reason: str) -> None:
    config.parent.mkdir()
    config.write_bytes(before)
    with pytest.raises(UsageError) as caught:
        write_profile(URL, "k")
    assert reason in str(caught.value)
    assert config.read_bytes() == before
    assert [file.name for file in config.parent.iterdir()] == ["config.toml"]


def test_a_key_file_of_another_is_never_overwritten(config: Path) -> None:
    config.parent.mkdir()
    key_file = config.parent / "sandbox.key"
    key_file.write_text("secret\n")
    with pytest.raises(UsageError, match="with another key"):
        write_profile(URL, "k")
    assert key_file.read_text() == "secret\n"
    assert not config.exists()
    write_profile(URL, "secret")
    assert config.read_text() == WRITTEN


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("AGENCIA_CONFIG", str(tmp_path / "file" / "config.toml"))
    with pytest.raises(UsageError, match=r"cannot write the profile to .*: File exists"):
        write_profile(URL, "k")
