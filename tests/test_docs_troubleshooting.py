"""The page of error texts: each message of the library has its entry, and what it says of panels is so."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import agencia_async
from agencia_async import AsyncClient, ConfigurationError, errors
from agencia_async._protocol import pages
from agencia_async._protocol.refusals import Refusals

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "agencia_async"
PAGE = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
ENTRIES = {one or other for one, other in re.findall(r"\*\*(?:`` ?(.+?) ?``|`(.+?)`)\*\*", PAGE)}

RAISED = {*errors.__all__, "UsageError", "BadParameter", "_Ending", "warning", "error"}
"""What is called with a message: the errors, those of the command, and the log."""
GENERAL = {"", "...", "...: ...", "......", "%s", "{}"}
"""Frames around a text of the panel or of another message."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


def called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


class Messages:
    """The messages that a module raises or logs: `...` for each value in them.

    A message that is not written where it is raised is looked for in the assignments to its name, in what the
    function of the module returns that makes it, and in what the module passes for it. What comes from
    elsewhere, such as a text of the panel, is none.
    """

    def __init__(self, code: str) -> None:
        self.tree = ast.parse(code)
        self.parents = {below: node for node in ast.walk(self.tree) for below in ast.iter_child_nodes(node)}
        self.calls = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        self.functions = {node.name: node for node in ast.walk(self.tree) if isinstance(node, Function)}

    def all(self) -> set[str]:
        raised = [call.args[0] for call in self.calls if called(call) in RAISED and call.args]
        return {re.sub(r"%[.\d]*[a-z]|\{\}", "...", text) for node in raised for text in self.texts(node, ())}

    def texts(self, node: ast.AST, seen: tuple[ast.AST, ...]) -> Iterator[str]:
        if node in seen:
            return
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "..." for part in node.values)
            yield "".join(map(str, parts))
        else:
            for source in self.sources(node):
                yield from self.texts(source, (*seen, node))

    def sources(self, node: ast.AST) -> Iterator[ast.AST]:
        """Where the text of an expression comes from."""
        if isinstance(node, ast.IfExp):
            yield from (node.body, node.orelse)
        elif isinstance(node, ast.BoolOp):
            yield from node.values
        elif isinstance(node, ast.Name):
            yield from self.assigned(node.id, self.function_of(node) or self.tree)
            yield from self.assigned(node.id, self.tree)
            yield from self.passed(node)
        elif isinstance(node, ast.Call) and called(node) in self.functions:
            function = self.functions[called(node)]
            yield from (
                each.value for each in ast.walk(function) if isinstance(each, ast.Return) and each.value
            )

    def assigned(self, name: str, scope: ast.AST) -> Iterator[ast.AST]:
        for node in ast.walk(scope):
            if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == name and node.value:
                yield node.value
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                        pairs = zip(target.elts, node.value.elts, strict=True)
                    else:
                        pairs = zip([target], [node.value], strict=True)
                    yield from (value for one, value in pairs if getattr(one, "id", "") == name)

    def passed(self, node: ast.Name) -> Iterator[ast.AST]:
        """What is passed for a parameter, wherever the module calls the function."""
        function = self.function_of(node)
        names = [argument.arg for argument in function.args.args] if function else []
        if function and node.id in names:
            place = names.index(node.id) - (names[0] in {"self", "cls"})
            for call in self.calls:
                if called(call) == function.name and len(call.args) > place:
                    yield call.args[place]

    def function_of(self, node: ast.AST) -> Function | None:
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, Function):
                return node
        return None


@cache
def messages_of(module: Path) -> set[str]:
    return Messages(module.read_text(encoding="utf-8")).all()


def modules() -> list[Path]:
    """All but the sandbox, whose errors are those of a panel."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] != "sandbox"]


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_message_has_its_entry(module: Path) -> None:
    told = {
        text for text in messages_of(module) - GENERAL if " must " not in text
    }  # those say what is expected
    assert {text for text in told if text not in ENTRIES} == set()


@pytest.mark.parametrize("module", ["_transport/address.py", "_transport/api_key.py"])
def test_of_the_key_and_the_address_every_message_has_its_entry(module: str) -> None:
    """What a beginner meets first is listed word for word, also where the message says what is expected."""
    assert messages_of(PACKAGE / module) - GENERAL - ENTRIES == set()


def test_messages_are_found_wherever_they_are_written() -> None:
    code = """
WHY = "the constant"

def raised(x, given):
    message, other = f"one {x!r} of {x}", 1
    if x:
        raise ReplyError(message)
    text: str = "annotated"
    raise ReplyError(text if x else WHY or made(x))

def made(x):
    return "returned"

def _wrong(reason, field):
    log.warning("%s is %.1f late", x, y)
    return ReplyError(reason)

class Some:
    def wrong(self, reason):
        return ReplyError(self.panel(reason))

    def also(self, reason):
        return ReplyError(reason)

def use(self):
    raise _wrong("passed", "x")
    self.also("of a method")
    ReplyError()

AT_THE_TOP = ReplyError(WHY)
"""
    assert Messages(code).all() == {
        "one ... of ...",
        "annotated",
        "the constant",
        "returned",
        "... is ... late",
        "passed",
        "of a method",
    }


def test_most_messages_are_found() -> None:
    found = set().union(*map(messages_of, modules()))

    assert len(found) > 150


def rows(heading: str) -> list[tuple[str, list[str]]]:
    """The first cell, and the texts in code of the row, of the table with this heading."""
    body = re.split(rf"^\| {heading} \|.*\n.*\n", PAGE, flags=re.MULTILINE)[1].split("\n\n")[0]
    return [(line.split("|")[1].strip(), re.findall(r"`([^`]+)`", line)) for line in body.splitlines()]


PANEL = [(text, kind) for _, [*texts, kind] in rows("text of the panel") for text in texts]


@pytest.mark.parametrize(("text", "kind"), PANEL)
def test_a_text_of_a_panel_has_the_class_that_the_page_says(text: str, kind: str) -> None:
    action = {"RateLimitedError": "add", "NotAllowedError": "refill"}.get(kind)

    assert Refusals().recognise(text, action=action).__name__ == kind


def test_each_class_of_a_panels_error_has_texts() -> None:
    kinds = {kind.__name__ for kind in agencia_async.PanelError.__subclasses__()}

    assert {kind for _, kind in PANEL} == kinds


@pytest.mark.parametrize(
    "url", [url for cell, _ in rows("`base_url`") for url in re.findall(r"`(.*?)`", cell)]
)
def test_an_address_is_refused_as_the_page_says(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^base_url must be a URL that begins with https://$"):
        AsyncClient("sandbox-key", base_url=url)


@pytest.mark.parametrize("text", [text for _, texts in rows("failing server") for text in texts])
def test_a_text_of_a_failing_server_proves_nothing(text: str) -> None:
    assert Refusals().is_failure(text)


@pytest.mark.parametrize(("name", "texts"), rows("firewall"))
def test_the_pages_of_firewalls_are_recognised(name: str, texts: list[str]) -> None:
    known = "" if name == "of no known name" else name

    assert {pages.firewall(text) for text in texts} == {known}


def test_every_firewall_is_on_the_page() -> None:
    named = {*pages._FIREWALLS}  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    assert named == {name for name, _ in rows("firewall")} - {"of no known name"}


ELSEWHERE = {
    "'AsyncClient' object does not support the context manager protocol",
    "'async_generator' object is not iterable",
    "'await' outside async function",
    "'coroutine' object has no attribute 'state'",
    "'coroutine' object is not iterable",
    "... must be ..., got ...",
    "429 Too Many Requests",
    "ConnectError (...): ...",
    "HTTP 404: ...",
    "HTTP 503",
    "No matching distribution found",
    "No module named 'agencia_async'",
    "No module named 'typer'",
    "ReadError (...): ...",
    "RemoteProtocolError (...): ...",
    "SSL: CERTIFICATE_VERIFY_FAILED",
    "Server disconnected without sending a response",
    "AsyncClient() got an unexpected keyword argument ...",
    "agencia: command not found",
    "asyncio.run() cannot be called from a running event loop",
    "attempt to write a readonly database",
    "cannot import name 'StrEnum'",
    "coroutine ... was never awaited",
    "connection refused (...)",
    "connection reset by peer (...)",
    "database is locked",
    "database or disk is full",
    "disk I/O error",
    "error code: 1015",
    "externally-managed-environment",
    "object async_generator can't be used in 'await' expression",
    "not retried: the retry budget is exhausted",
    "peer closed connection without sending complete message body",
    "the proxy refused: ...",
    "rate_limit must be a RateLimit, a RedisRateLimit or None, got ...",
    "requires a different Python: 3.10... not in '>=3.11'",
}
"""What is no message of the library, or is put together of several."""


def test_every_entry_is_a_message_that_there_is() -> None:
    found = set().union(*map(messages_of, modules()))

    assert ENTRIES - found == ELSEWHERE
    assert "retry budget is exhausted" in (PACKAGE / "_calls/retry.py").read_text(encoding="utf-8")
