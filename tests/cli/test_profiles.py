"""Several panels: the profiles of the configuration file on the command line."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from agencia_async.cli.panel_profiles import profile_names

from .conftest import Agencia, WatchedPanel
from .placing import numbered

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def config(panel: WatchedPanel, here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three profiles: of the panel, with a wrong key, and of a panel that is not there; no environment."""
    for name in ("AGENCIA_BASE_URL", "AGENCIA_API_KEY"):
        monkeypatch.delenv(name)
    file = here / "config.toml"
    monkeypatch.setenv("AGENCIA_CONFIG", str(file))
    for name, key in {"north": panel.key, "wrong": "nonsense"}.items():
        (here / f"{name}.key").write_text(key)
        (here / f"{name}.key").chmod(0o600)
    file.write_text(
        f"""
[profiles.north]
base_url = "{panel.url}"
key_file = "north.key"
journal = "north.db"
timeout = 20

[profiles.wrong]
base_url = "{panel.url}"
key_file = "wrong.key"

[profiles.away]
base_url = "http://127.0.0.1:9/api"
key_file = "north.key"
"""
    )
    return file


def as_default(config: Path) -> None:
    config.write_text(f'default = "north"\n{config.read_text()}')


def test_a_named_profile(
    config: Path, panel: WatchedPanel, agencia: Agencia, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert agencia("balance", "--profile", "north", "--timeout", 5, "--attempts", 1).code == 0
    monkeypatch.setenv("AGENCIA_API_KEY", "nonsense")  # does not count
    assert agencia("balance", "--profile", "north").code == 0
    monkeypatch.setenv("AGENCIA_PROFILE", "north")
    assert agencia("balance").code == 0
    assert agencia("balance", "--profile", "wrong").code == 3
    assert panel.received == 4
    done = agencia("balance", "--profile", "south")
    assert (done.code, panel.received) == (2, 4)
    assert done.err.startswith(f"agencia: no profile 'south' in {str(config)!r}; it has away, north, wrong")


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize("own", [("--base-url", "https://a.b/"), ("--key-file", "north.key")])
def test_a_profile_keeps_its_panel_and_its_key(
    panel: WatchedPanel, agencia: Agencia, own: tuple[str, str]
) -> None:
    done = agencia("balance", "--profile", "north", *own)
    assert (done.code, panel.received) == (2, 0)
    assert done.err == (
        "agencia: profile 'north' has its own panel and key: omit --base-url and --key-file\n"
    )


def test_the_default_profile(
    config: Path, panel: WatchedPanel, agencia: Agencia, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = agencia("balance")
    assert (done.code, panel.received) == (2, 0)
    assert "has no default" in done.err
    as_default(config)
    assert agencia("balance").code == 0
    monkeypatch.setenv("AGENCIA_API_KEY", "nonsense")
    monkeypatch.setenv("AGENCIA_BASE_URL", str(panel.url))
    assert agencia("balance").code == 3  # the environment counts


@pytest.mark.usefixtures("_on_a_terminal")
def test_questions_name_the_profile(config: Path, panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    as_default(config)
    file = numbered(2, here)
    done = agencia("place", file, input="y\n")
    host = str(panel.url).split("/")[2]
    assert f"Place 2 orders at north ({host}) for 0.18 USD? [y/N]: " in done.err
    assert (done.code, len(panel.ledger), (here / "north.db").exists()) == (0, 2, True)
    done = agencia("place", file, "--journal", "other.db", input="n\n")
    assert (done.code, len(panel.ledger)) == (1, 2)
    done = agencia("balance", "-o", "north.db")
    assert done.err == "agencia: --output would overwrite the journal: north.db\n"
    done = agencia("balance", "-o", "north.key")
    assert done.err == "agencia: --output would overwrite the API key: north.key\n"
    assert agencia("journal", "reconcile").err == "nothing to reconcile: no order is unknown\n"


@pytest.mark.usefixtures("config")
def test_all_balances(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("profiles")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(done.out))}
    host = str(panel.url).split("/")[2]
    assert [row["host"] for row in rows.values()] == [host, host, "127.0.0.1:9"]
    assert (rows["north"]["balance"], rows["north"]["currency"]) == ("1000", "USD")
    assert [row["error_type"] for row in rows.values()] == ["", "AuthenticationError", "TransportError"]
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("agencia: wrong: Invalid API key; away: ")
    assert done.err.endswith("(exit code 1: a balance is not known)\n")
    assert "north" in agencia("profiles", "--format", "table").out
    done = agencia("profiles", "--low", "1000.01", "-q")
    assert done.code == 6
    assert done.err.splitlines()[-1].startswith("agencia: north has 1000 USD; wrong: Invalid API key; away: ")
    assert done.err.endswith("(exit code 6: a balance is low (agencia profiles --low))\n")
    assert agencia("profiles", "--low", 1000).code == 1
    assert agencia("profiles", "-o", "wrong.key").code == 2


def test_the_exit_code_of_all_balances(config: Path, agencia: Agencia, panel: WatchedPanel) -> None:
    text = config.read_text()
    config.write_text(text[: text.index("[profiles.wrong]")])
    done = agencia("profiles", "--low", 5, "-o", "out")
    assert (done.code, done.err) == (0, "")
    old = Path("out").read_text(encoding="utf-8")
    panel.key = "another"
    done = agencia("profiles", "-o", "out")
    assert (done.code, Path("out").read_text(encoding="utf-8")) == (3, old)
    assert done.err == (
        "agencia: out was not replaced: no balance is known\n"
        "agencia: north: Invalid API key (exit code 3: account rejected or panel unavailable)\n"
    )
    assert agencia("profiles").code == 3
    config.write_text("")
    done = agencia("profiles")
    assert (done.code, done.err) == (
        2,
        "agencia: the configuration file has no profiles; see: docs/configuration.md\n",
    )


def test_completion(config: Path) -> None:
    assert profile_names() == ["north", "wrong", "away"]
    config.write_text("nonsense")
    assert profile_names() == []


def test_without_a_configuration(
    panel: WatchedPanel, agencia: Agencia, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AGENCIA_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(here))
    assert agencia("balance").out == f"balance,currency\n{Decimal(1000)},USD\n"
    for name in ("AGENCIA_BASE_URL", "AGENCIA_API_KEY"):
        monkeypatch.delenv(name)
    assert agencia("balance").err.startswith("agencia: no API key: set AGENCIA_API_KEY")
    assert panel.received == 1
