"""The commands that only need the file of a journal, in every environment; and how the journal is named."""

from pathlib import Path

import pytest

from agencia_async.cli.commands.resolve_command import resolve_command

from .conftest import Agencia, WatchedPanel
from .test_journal import entries

SEVERAL = (
    '[profiles.north]\nkey_file = "north.key"\njournal = "north.db"\n[profiles.south]\nkey_env = "NO_KEY"\n'
)
CONFIGURATIONS = {
    "none": None,
    "without a default": '[profiles.north]\nkey_file = "missing.key"\n',
    "several": SEVERAL,
    "a default without its key": f'default = "south"\n{SEVERAL}',
    "a default that is not there": f'default = "west"\n{SEVERAL}',
    "not TOML": "[",
}
ENVIRONMENTS: dict[str, dict[str, str]] = {
    "nothing": {},
    "a key": {"AGENCIA_API_KEY": "x"},
    "a panel": {"AGENCIA_BASE_URL": "https://panel.example/api/v2"},
    "a profile": {"AGENCIA_PROFILE": "west"},
}
COMMANDS: list[tuple[str, ...]] = [
    ("list",),
    ("list", "--output", "list.csv"),
    ("show", "A-1"),
    ("resolve", "A-1", "--not-placed"),
    ("export",),
    ("export", "--output", "export.csv"),
    ("backup", "copy.db"),
]


@pytest.fixture
def unknown(panel: WatchedPanel, agencia: Agencia, here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal with an unknown order, in an environment that names no panel and no key."""
    (here / "o.csv").write_text("reference,service,link,quantity\nA-1,1,https://a.b/1,1000\n")
    panel.faults.actions = {"add"}
    panel.faults.script("drop_after")
    assert agencia("place", "o.csv", "-j", "j.db", "--yes").code == 4
    received = panel.received
    for name in ("AGENCIA_BASE_URL", "AGENCIA_API_KEY"):
        monkeypatch.delenv(name)
    assert panel.received == received
    return here


def configure(monkeypatch: pytest.MonkeyPatch, here: Path, text: str | None) -> None:
    if text is not None:
        (here / "config.toml").write_text(text)
        monkeypatch.setenv("AGENCIA_CONFIG", str(here / "config.toml"))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_a_named_file_needs_neither_key_nor_profile(
    unknown: Path, agencia: Agencia, monkeypatch: pytest.MonkeyPatch, configuration: str, environment: str
) -> None:
    configure(monkeypatch, unknown, CONFIGURATIONS[configuration])
    for name, value in ENVIRONMENTS[environment].items():
        monkeypatch.setenv(name, value)
    for command in COMMANDS:
        done = agencia("journal", *command, "-j", "j.db")
        assert (done.code, done.err.count("agencia:")) == (0, 0), (command, done.err)
    assert agencia("journal", "adopt", "copy.db").code == 0


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_so_does_the_journal_of_the_environment(
    unknown: Path, agencia: Agencia, monkeypatch: pytest.MonkeyPatch, configuration: str
) -> None:
    configure(monkeypatch, unknown, CONFIGURATIONS[configuration])
    monkeypatch.setenv("AGENCIA_JOURNAL", "j.db")
    for command in COMMANDS:
        assert agencia("journal", *command).code == 0, command


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ("none", "no journal: pass --journal FILE, or set AGENCIA_JOURNAL"),
        ("several", "no journal: pass --journal FILE, or set AGENCIA_JOURNAL"),
        ("not TOML", "cannot use the configuration "),
    ],
)
def test_without_a_journal_no_key_is_asked_for(
    unknown: Path, agencia: Agencia, monkeypatch: pytest.MonkeyPatch, configuration: str, message: str
) -> None:
    configure(monkeypatch, unknown, CONFIGURATIONS[configuration])
    for command in COMMANDS:
        done = agencia("journal", *command)
        assert (done.code, done.err.partition(message)[0]) == (2, "agencia: ")


def test_the_journal_of_a_profile(unknown: Path, agencia: Agencia, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, unknown, SEVERAL)
    (unknown / "j.db").rename(unknown / "north.db")
    for command in COMMANDS:
        assert agencia("journal", *command, "--profile", "north").code == 0, command
    assert agencia("journal", "list", "--profile", "south").err.startswith("agencia: no journal: ")
    assert "no profile 'west' in" in agencia("journal", "list", "--profile", "west").err
    configure(monkeypatch, unknown, f'default = "north"\n{SEVERAL}')
    monkeypatch.setenv("AGENCIA_JOURNAL", "j.db")  # as for agencia place, the profile comes first
    assert agencia("journal", "list").err == "1 order\n"


async def test_the_output_overwrites_no_journal_and_no_key(
    unknown: Path, agencia: Agencia, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, unknown, f'default = "north"\n{SEVERAL}')
    for file, what in {"j.db": "journal", "north.db": "journal", "north.key": "API key"}.items():
        done = agencia("journal", "list", "-j", "j.db", "-o", file)
        assert done.err == f"agencia: --output would overwrite the {what}: {file}\n"
    assert len(await entries(unknown / "j.db")) == 1


@pytest.mark.parametrize(
    "args",
    [
        ("list", "orders.db"),
        ("export", "orders.db"),
        ("reconcile", "orders.db"),
        ("show", "A-1", "orders.db"),
        ("resolve", "A-1", "orders.db", "--not-placed"),
        ("backup", "monday.db", "orders.db"),
    ],
)
def test_a_journal_as_an_argument(agencia: Agencia, args: tuple[str, ...]) -> None:
    done = agencia("journal", *args)
    assert done.code == 2
    assert "(orders.db). A journal is named with --journal FILE" in " ".join(
        done.err.replace("│", " ").split()
    )


def test_other_mistakes_are_told_as_they_are(agencia: Agencia) -> None:
    done = agencia("journal", "list", "--nothing")
    assert done.code == 2
    assert "A journal is named" not in done.err


@pytest.mark.parametrize(
    ("reference", "command"),
    [
        ("A-1", "agencia journal resolve A-1 -j x --not-placed"),
        ("it's  two", """agencia journal resolve 'it'"'"'s  two' -j x --not-placed"""),
        ("-x", "agencia journal resolve -j x --not-placed -- -x"),
        ("-a b", "agencia journal resolve -j x --not-placed -- '-a b'"),
        ("a\ufe0f", r"agencia journal resolve $'a\xef\xb8\x8f' -j x --not-placed"),
    ],
)
def test_a_command_that_can_be_copied(reference: str, command: str) -> None:
    assert resolve_command(reference, " -j x", "--not-placed") == command
