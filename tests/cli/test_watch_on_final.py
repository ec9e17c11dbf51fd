"""The command that is run for each order that has ended."""

import json
import shlex
import sys
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agencia_async import Change, NotFoundError, OrderStatus
from agencia_async.cli.commands.on_final import OnFinal, command_of, variables_of

from .conftest import Agencia, WatchedPanel
from .test_watch import lines, seeded

NOTES = """
import json, os, sys
change = json.load(sys.stdin)
own = {name: value for name, value in os.environ.items() if name.startswith("AGENCIA_")}
with open("notes", "a") as notes:
    notes.write(json.dumps([change, own, sys.argv[1:]]) + "\\n")
sys.exit(int(sys.argv[1]))
"""

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def command(here: Path) -> str:
    (here / "note.py").write_text(NOTES)
    return f"'{sys.executable}' note.py"


def notes() -> list[Any]:
    file = Path("notes")
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("echo $AGENCIA_ID >> ended.txt", "$AGENCIA_ID"),
        ("echo x >> ended.txt", ">>"),
        ("echo x>ended.txt", ">"),
        ("cat < x", "<"),
        ("echo x | mail me", "|"),
        ("true && echo x", "&&"),
        ("true; echo x", ";"),
        ("true &", "&"),
        ("echo `date`", "`"),
        ("echo ${AGENCIA_ID}", "${"),
        ("echo $(date)", "$("),
        ('echo "id: $AGENCIA_ID"', "$AGENCIA_ID"),
        ('echo "a `date`"', "`"),
        ('echo -c x "$AGENCIA_ID"', "$AGENCIA_ID"),
        ("sh -c 'true' > x", ">"),
        ("sh -c true$AGENCIA_ID", "$AGENCIA_ID"),
        ("echo $?", "$?"),
        ("echo $$", "$$"),
        ("echo $@", "$@"),
        ('echo "$*"', "$*"),
        ("echo $'a'", "$'"),
        ("true\nfalse", "a line break"),
        ("true \\\n false", "a line break"),
        ("true #comment", "#"),
        ("rm *.tmp", "*"),
        ("echo x{a,b}y", "{a,b}"),
        ('echo {"a":1,b}', "{_:1,b}"),
        ("echo {1..3}", "{1..3}"),
        ('grep -c "$AGENCIA_ID" x', "$AGENCIA_ID"),
        ('curl -sc "$HOME/jar" x', "$HOME"),
        ('echo -e "$AGENCIA_ID"', "$AGENCIA_ID"),
        ('sh ended.sh -c "$AGENCIA_ID"', "$AGENCIA_ID"),
        ('sh -e "$AGENCIA_ID"', "$AGENCIA_ID"),
        ('sh -c true "$AGENCIA_ID"', "$AGENCIA_ID"),
        ('env X=1 "$AGENCIA_ID"', "$AGENCIA_ID"),
    ],
)
def test_what_only_a_shell_would_understand_is_never_run(
    panel: WatchedPanel, agencia: Agencia, text: str, found: str
) -> None:
    done = agencia("watch", 1, "--on-final", text)
    assert (done.code, done.out, panel.received) == (2, "", 0)
    assert done.err.startswith(f"agencia: --on-final runs without a shell, and {found} is for a shell: write")


@pytest.mark.parametrize(
    "text",
    [
        "sh -c 'echo $AGENCIA_ID >> ended.txt'",
        'sh -c "echo $AGENCIA_ID >> ended.txt"',
        r'sh -c "echo \"$AGENCIA_ID\" >> ended.txt && true"',
        'bash -lc "echo `date`; echo $(date)"',
        """sh -c 'echo "$AGENCIA_ID"' """,
        r"echo \$HOME \; \> x",
        r'echo "costs 5 $, \$HOME, a|b; c > d & e"',
        "echo '$HOME' 100$ 'a && b'",
        "echo it\\'s",
        'sh -c -- "echo $AGENCIA_ID"',
        'sh -ce "echo $?"',
        'bash -eo pipefail -c "echo $AGENCIA_ID"',
        'env -i A=1 nice -n 5 /bin/sh -c "echo $$"',
        'timeout 10s sh -c "echo $AGENCIA_ID"',
        f"""'{sys.executable}' -X dev -c "print('$AGENCIA_ID')" """,
        r'env perl -ne "print \$x; $y"',
        "find . -name '*.tmp' -exec echo {} + a#b https://example.com/?id=1#x '{a,b}' ''",
        "  true\n",
        "true x~ '~/x' \\~/x a=~/x",
        "true '$?' 'a\nb' \"#c\" \"*\"",
    ],
)
def test_what_is_quoted_is_not_for_a_shell(text: str) -> None:
    assert command_of(text) == shlex.split(text)


def test_the_home_directory(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    monkeypatch.setenv("HOME", str(here))
    (here / "tool").touch(0o755)
    assert command_of("~/tool ~ ~/'a b' ~no-such-user/x '~' \"~/x\" -f") == [
        f"{here}/tool", str(here), f"{here}/a b", "~no-such-user/x", "~", "~/x", "-f",
    ]  # fmt: skip


def test_a_shell(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    (done_,) = seeded(panel, "Completed")
    ended = agencia("watch", done_, "--on-final", 'sh -c "echo $AGENCIA_ID $AGENCIA_STATE >> ended.txt"')
    assert (ended.code, (here / "ended.txt").read_text()) == (0, f"{done_} Completed\n")


def test_it_gets_the_order_and_its_exit_code_counts(
    panel: WatchedPanel, agencia: Agencia, command: str
) -> None:
    done_, partial = seeded(panel, "Completed", "Partial")
    ended = agencia("watch", done_, "--on-final", f"{command} 0 'a  b' '$HOME;x'")
    assert ended.code == 0
    assert ended.err.splitlines()[-1] == "1 command run, 0 failed"
    [[change, own, arguments]] = notes()
    assert change == lines(ended)[0]
    assert arguments == ["0", "a  b", "$HOME;x"]  # no shell
    truth = panel.expected_status(done_)
    expected = {
        "ID": str(done_), "STATE": "Completed", "STATUS": "Completed", "NUMBER": "1",
        "ERROR": "", "ERROR_TYPE": "", "CHARGE": truth["charge"],
        "CURRENCY": truth["currency"], "REMAINS": truth["remains"], "START_COUNT": truth["start_count"],
    }  # fmt: skip
    assert {name: own[f"AGENCIA_{name}"] for name in expected} == expected
    ended = agencia("watch", done_, partial, "--on-final", f"{command} 7", "--jobs", 1)
    assert ended.code == 1
    assert ended.err.splitlines()[-1] == "2 commands run, 2 failed, 2 with exit code 7"
    assert f"--on-final for order {partial}: exit code 7" in ended.err.splitlines()
    ended = agencia("watch", done_, "--on-final", f"{command} 7", "--quiet")
    assert ended.err.splitlines()[-1] == (
        "agencia: 1 command run, 1 failed, 1 with exit code 7 (exit code 1: some ids or orders failed)"
    )


def test_an_order_whose_command_failed_comes_again(
    panel: WatchedPanel, agencia: Agencia, command: str, here: Path
) -> None:
    (here / "orders.csv").write_text("reference,service,link,quantity\na,1,https://example.com/p,1000\n")
    agencia("place", "orders.csv", "--journal", "orders.db", "--yes")
    panel.set_state(int(str(panel.ledger[0].result)), "Completed")
    watching = ("watch", "--journal", "orders.db", "--on-final")
    assert [agencia(*watching, f"{command} {code}").code for code in (1, 0, 0)] == [1, 0, 0]
    assert [note[0]["number"] for note in notes()] == [1, 1]


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("", "--on-final is empty"),
        ("a 'b", "--on-final cannot be split into arguments: No closing quotation"),
        ("no-such-command x", "--on-final: command not found: no-such-command"),
    ],
)
def test_a_command_that_cannot_be_run(
    panel: WatchedPanel, agencia: Agencia, command: str, fault: str
) -> None:
    done = agencia("watch", 1, "--on-final", command)
    assert (done.code, done.err, panel.received) == (2, f"agencia: {fault}\n", 0)


def test_what_it_prints_is_told_and_it_need_not_read(
    panel: WatchedPanel, agencia: Agencia, here: Path
) -> None:
    (here / "loud.py").write_text("import os\nos.close(0)\nprint('told\\x1b[2J')\nprint('x' * 200_000)")
    done = agencia("watch", *seeded(panel, "Completed"), "--on-final", f"'{sys.executable}' loud.py")
    assert done.code == 0
    assert done.err.splitlines()[0] == "told?[2J"
    assert 1_000 < len(done.err) < 3_000


def test_a_command_that_is_gone_meanwhile(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    script = here / "tool"
    script.write_text("no program")
    script.chmod(0o755)
    panel.at_request(1, script.unlink)
    done = agencia("watch", *seeded(panel, "Completed"), "--on-final", str(script))
    assert done.code == 1
    assert done.err.splitlines()[-1] == "1 command run, 1 failed, 1 not started"
    assert "No such file or directory" in done.err


async def test_at_most_so_many_run_at_once(here: Path) -> None:
    (here / "wait.py").write_text(
        "import os, sys, time\nopen(os.environ['AGENCIA_ID'], 'w')\n"
        "while not os.path.exists('go'):\n    time.sleep(0.01)\n"
    )
    running = OnFinal([sys.executable, "wait.py"], 2)
    told: list[int] = []
    for one in (1, 2):
        await running.start(Change(one, None, NotFoundError("x")), None, partial(told.append, one))
    assert running._slots.locked()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    (here / "go").touch()
    await running.start(Change(3, None, NotFoundError("x")), None, lambda: told.append(3))
    await running.aclose()
    assert (sorted(told), running.codes) == ([1, 2, 3], {0: 3})


def test_foreign_text_in_its_environment() -> None:
    status = OrderStatus(status="no\0such\nstate \ud800", charge=Decimal("0.0000001"))
    own = variables_of(Change("x-1", status, None, number=3), "north")
    assert (own["AGENCIA_ID"], own["AGENCIA_STATUS"]) == ("x-1", "no?such state ?")
    assert (own["AGENCIA_STATE"], own["AGENCIA_CHARGE"]) == ("Unknown", "0.0000001")
    assert (own["AGENCIA_PROFILE"], own["AGENCIA_NUMBER"], own["AGENCIA_REMAINS"]) == ("north", "3", "")
    own = variables_of(Change("x-1", None, NotFoundError("gone")), None)
    assert (own["AGENCIA_ERROR"], own["AGENCIA_ERROR_TYPE"]) == ("gone", "NotFoundError")
    assert own["AGENCIA_STATE"] == ""
    assert "AGENCIA_PROFILE" not in own
