"""A command of the user's that is run for each order that has ended, a few at once.

waiting for a slot ─► running ─► exit code 0: `done` is called
                              └─► another one, or it cannot be started: counted, and told

It is run without a shell, in a session of its own: Ctrl-C on the terminal ends the watching, and what runs is
waited for. It reads the order as JSON on stdin; what it prints is told on stderr, up to a few lines.
"""

import asyncio
import json
import os
import re
import shlex
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import dropwhile, pairwise
from pathlib import Path
from typing import Any, Final

from agencia_async import Change, OrderStatus
from agencia_async._concurrency.tasks import Tasks
from agencia_async.cli.exit import UsageError
from agencia_async.cli.stderr import tell
from agencia_async.cli.text import cell, one_line, several

_FIELDS: Final = ("id", "state", "status", "charge", "currency", "start_count", "remains", "number")
_PREFIX: Final = "AGENCIA"
_PRINTED: Final = 2_000
"""Bytes of what a command prints that are told."""
_CHUNK: Final = 65_536

_PARTS: Final = re.compile(
    r"""
    (?P<blank>[ \t\r\n]+) | '[^']*' | "(?P<double>(?:\\. | [^"\\])*)" | \\(?P<escaped>.) |
    (?P<shell>[<>|;&`*]+ | \$(?:\w+ | [{(?$@!\#*'"-])) | (?P<plain>[^ \t\r\n"'\\<>|;&`*$]+ | \$)
    """,
    re.VERBOSE | re.DOTALL,
)
"""A command line, as a shell reads it: what is quoted, and what only a shell acts on."""
_EXPANDED: Final = re.compile(
    r"(?:[^\\`$]|\\.|\$(?![\w{(?$@!#*-]))*(?P<shell>`|\$(?:\w+|[{(?$@!#*-]))", re.DOTALL
)
"""What a shell acts on within double quotes as well."""
_PLAIN_SHELL: Final = re.compile(r"^\#|\{[^{}]*(?:,|\.\.)[^{}]*\}")
"""A comment, or braces such as `{a,b}`, in what is not quoted of an argument."""
_HOME: Final = re.compile(r"~[\w.-]*(?:/|\Z)")
"""The beginning of an argument that stands for a home directory: `~/`, `~name/`."""
_STARTERS: Final = re.compile(r"env|nice|ionice|nohup|setsid|timeout|-.*|\w+=.*|\d.*", re.DOTALL)
"""What may stand before an interpreter: a command that starts another one, and what it is given."""
_CODE_OPTIONS: Final = (
    (re.compile(r"(?:ba|da|z|k|fi)?sh"), re.compile(r"-\w*c\w*")),
    (re.compile(r"python[\d.]*"), re.compile(r"-\w*c")),
    (re.compile(r"perl[\d.]*|ruby[\d.]*|node"), re.compile(r"-\w*[eE]")),
)
"""Interpreters, and the option before their code: `sh -c`, `bash -lc`, `perl -ne`."""
_OPTION: Final = re.compile(r"[-+].*")
_OPTION_WITH_VALUE: Final = re.compile(r"[-+]\w*[oXW]")
"""The option of an interpreter that takes the next word: `bash -o pipefail`, `python -X dev`."""
_LINE_BREAK: Final = "a line break"


def command_of(text: str) -> list[str]:
    """The command and its arguments, as a shell would split them; `~` is the home directory.

    Raises:
        UsageError: it cannot be split, is meant for a shell, or there is no such command.
    """
    text = text.strip(" \t\r\n")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"--on-final cannot be split into arguments: {error}") from None
    if not words:
        raise UsageError("--on-final is empty")
    if found := _shell_syntax(text):
        raise UsageError(
            f"--on-final runs without a shell, and {found} is for a shell: write --on-final 'sh -c \"...\"', "
            "or put single quotes around it if it is not for a shell"
        )
    as_written = ("".join(part[0] for part in parts) for parts in _arguments(text))
    words = [
        os.path.expanduser(word) if _HOME.match(written) else word  # noqa: PTH111 - an argument is no path
        for word, written in zip(words, as_written, strict=True)
    ]
    if shutil.which(words[0]) is None:
        raise UsageError(f"--on-final: command not found: {words[0]}")
    return words


def _arguments(text: str) -> list[list[re.Match[str]]]:
    """The parts of each argument."""
    arguments: list[list[re.Match[str]]] = [[]]
    for part in _PARTS.finditer(text):
        if part["blank"]:
            arguments.append([])
        else:
            arguments[-1].append(part)
    return arguments


def _shell_syntax(text: str) -> str:
    """The first part that only a shell would act on, such as `>>` or `$AGENCIA_ID`, or nothing."""
    before: list[str] = []
    for parts in _arguments(text):
        if found := _shell_part(parts, is_code=_is_before_code(before)):
            return found
        before.append("".join(part[0] for part in parts).strip("'\""))
    blanks = (part["blank"] for part in _PARTS.finditer(text))
    return _LINE_BREAK if any("\n" in blank for blank in blanks if blank) else ""


def _shell_part(parts: Sequence[re.Match[str]], *, is_code: bool) -> str:
    """The same, of one argument."""
    for part in parts:
        if part["shell"]:
            return part["shell"]
        if part["escaped"] == "\n":
            return _LINE_BREAK
        if part["double"] and not is_code and (found := _EXPANDED.match(part["double"])):
            return found["shell"]
    plain = _PLAIN_SHELL.search("".join(part["plain"] or "_" for part in parts))
    return plain[0] if plain else ""


def _is_before_code(words: Sequence[str]) -> bool:
    """Whether what follows these words is code for an interpreter, which acts on it itself."""
    rest = [*dropwhile(_STARTERS.fullmatch, words)]
    name = Path(rest[0]).name if rest else ""
    options = [option for interpreter, option in _CODE_OPTIONS if interpreter.fullmatch(name)]
    if not options:
        return False
    after = [*pairwise(rest)]
    is_one = (_OPTION.fullmatch(word) or _OPTION_WITH_VALUE.fullmatch(last) for last, word in after)
    return all(is_one) and any(options[0].fullmatch(word) for _, word in after)


def document_of(change: Change[OrderStatus], profile: str | None) -> dict[str, Any]:
    """A change as JSON; with its profile, if one was named."""
    return change.to_dict() if profile is None else {**change.to_dict(), "profile": profile}


def variables_of(change: Change[OrderStatus], profile: str | None) -> dict[str, str]:
    """A change as environment variables, all of them set; texts on one line."""
    error = change.error
    values: dict[str, object] = {
        **dict.fromkeys(_FIELDS),
        **(change.value.to_dict() if change.value is not None else {}),
        "id": change.id,
        "number": change.number,
        "error": error and str(error),
        "error_type": error and type(error).__name__,
    }
    names = [*_FIELDS, "error", "error_type"]
    own = {f"{_PREFIX}_{name.upper()}": one_line(cell(values[name])) for name in names}
    return own if profile is None else {**own, f"{_PREFIX}_PROFILE": profile}


class OnFinal:
    """Runs it.

    Args:
        command: the command and its arguments.
        jobs: how many may run at once.

    Attributes:
        codes: how many ended with each exit code; None counts those that could not be started.
    """

    def __init__(self, command: Sequence[str], jobs: int) -> None:
        self._command = command
        self._slots = asyncio.Semaphore(jobs)
        self._tasks = Tasks()
        self.codes: Counter[int | None] = Counter()

    @property
    def failed(self) -> int:
        """How many have failed."""
        return self.codes.total() - self.codes[0]

    @property
    def summary(self) -> str:
        """How they have ended, on one line."""
        failures = sorted((code for code in self.codes if code), key=self.codes.__getitem__)
        facts = [f"{self.codes[code]:,} with exit code {code}" for code in failures]
        facts += [f"{self.codes[None]:,} not started"] if self.codes[None] else []
        return ", ".join([f"{several(self.codes.total(), 'command')} run, {self.failed:,} failed", *facts])

    async def start(
        self, change: Change[OrderStatus], profile: str | None, done: Callable[[], object]
    ) -> None:
        """Run it for an order, as soon as a slot is free; `done` is called if it ends well."""
        await self._slots.acquire()
        self._tasks.start(self._run(change, profile, done), may_end=lambda: False)

    async def aclose(self) -> None:
        """Wait for those that run."""
        await self._tasks.aclose()

    async def _run(
        self, change: Change[OrderStatus], profile: str | None, done: Callable[[], object]
    ) -> None:
        try:
            code = await self._exit_code(
                f"{json.dumps(document_of(change, profile))}\n", variables_of(change, profile)
            )
        except OSError as error:
            code = None
            tell(f"--on-final for order {change.id}: {error.strerror or error}")
        finally:
            self._slots.release()
        self.codes[code] += 1
        if code == 0:
            done()
        elif code is not None:
            tell(f"--on-final for order {change.id}: exit code {code}")

    async def _exit_code(self, document: str, variables: Mapping[str, str]) -> int:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **variables},
            start_new_session=True,
        )
        _, printed = await asyncio.gather(_feed(process, document), _head(process))
        for line in printed.splitlines():
            tell(line)
        return await process.wait()


async def _feed(process: asyncio.subprocess.Process, document: str) -> None:
    stream = process.stdin
    assert stream is not None  # noqa: S101 - it is a pipe
    with suppress(ConnectionError):  # it need not read it
        stream.write(document.encode())
        await stream.drain()
    stream.close()
    with suppress(ConnectionError):
        await stream.wait_closed()


async def _head(process: asyncio.subprocess.Process) -> str:
    """The beginning of what it prints; all of it is read, so that it never waits."""
    stream, head = process.stdout, b""
    assert stream is not None  # noqa: S101 - it is a pipe
    while chunk := await stream.read(_CHUNK):
        head += chunk[: _PRINTED - len(head)]
    return head.decode(errors="replace")
