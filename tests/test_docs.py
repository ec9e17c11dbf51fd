"""The documentation: its code runs, its outputs are true, and nothing public is missing from it."""

import ast
import asyncio
import contextlib
import inspect
import io
import logging
import pydoc
import re
import shlex
from collections.abc import AsyncGenerator, Iterator
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest
from typer.core import TyperGroup
from typer.main import get_command

import agencia_async
from agencia_async.cli.app import app
from agencia_async.cli.exit import Code
from agencia_async.sandbox import Panel, serve

ROOT = Path(__file__).parents[1]
HOW_TO = sorted((ROOT / "docs/howto").glob("*.md"))
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs").glob("[!_]*/*.md")])
MODULES = [
    "agencia_async",
    "agencia_async.hooks",
    "agencia_async.instrumentation.opentelemetry",
    "agencia_async.journal",
    "agencia_async.sandbox",
    "agencia_async.workers",
]
PUBLIC = [(module, name) for module in MODULES for name in import_module(module).__all__]

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (\w+\.py)\n")
EXPECTED = re.compile(r"\n*```text\n(.*?)```", re.DOTALL)


class Example(NamedTuple):
    """A block of Python, where it begins, and the output that the page promises."""

    code: str
    line: int
    output: str | None


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> Iterator[Example]:
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        if block[1] == language:
            output = EXPECTED.match(text, block.end())
            yield Example(block[2], text.count("\n", 0, block.start(2)), output and output[1])


def examples(page: Path) -> list[Example]:
    """The blocks that a reader runs one after the other."""
    return [block for block in blocks(page, "python") if not FILE.match(block.code)]


def files(page: Path) -> dict[str, str]:
    """The blocks that a reader saves under the name in their first line."""
    return {file[1]: block.code for block in blocks(page, "python") if (file := FILE.match(block.code))}


async def run(example: Example, page: Path, namespace: dict[str, object]) -> str:
    """Run a block as the prompt of `python -m asyncio` would, and give what it prints.

    A block without `await` may start an event loop of its own, so it gets a thread.
    """
    padded = "\n" * example.line + example.code
    code = compile(padded, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        if code.co_flags & inspect.CO_COROUTINE:
            await eval(code, namespace)  # noqa: S307 - the project's own pages
        else:
            await asyncio.to_thread(eval, code, namespace)
    return printed.getvalue()


@pytest.fixture
async def _environment(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[None, None]:
    """A panel whose time stands still, and the variables that lead to it. Loggers stay as they are."""
    loggers = [logging.getLogger(name) for name in ("agencia_async", "agencia_async.wire")]
    before = [(logger.level, [*logger.handlers]) for logger in loggers]
    panel = Panel(key="sandbox-key", seed=1, clock=lambda: 0.0)
    panel.seed_orders(1_000)
    async with serve(panel) as url:
        monkeypatch.setenv("AGENCIA_API_KEY", "sandbox-key")
        monkeypatch.setenv("AGENCIA_BASE_URL", url)
        yield
    for logger, (level, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.mark.usefixtures("_environment")
@pytest.mark.parametrize("page", [page for page in PAGES if examples(page)], ids=name)
async def test_the_examples_run_and_print_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some make files
    namespace: dict[str, object] = {"__name__": "__main__"}
    promised: dict[int, str] = {}
    printed: dict[int, str] = {}
    for example in examples(page):
        output = await run(example, page, namespace)
        if example.output is not None:
            promised[example.line], printed[example.line] = example.output, output

    assert printed == promised


@pytest.mark.parametrize("page", [page for page in PAGES if files(page)], ids=name)
def test_the_files_of_a_page_are_an_application_and_its_passing_tests(
    page: Path, pytester: pytest.Pytester
) -> None:
    for file, code in files(page).items():
        pytester.path.joinpath(file).write_text(code, encoding="utf-8")

    result = pytester.runpytest_subprocess("-o", "asyncio_default_fixture_loop_scope=function")

    tests = sum(code.count("def test_") for code in files(page).values())
    result.assert_outcomes(passed=tests)


def test_the_pages_hold_examples() -> None:
    assert sum(len(examples(page)) for page in PAGES) > len(PAGES)
    assert "test_shop.py" in files(ROOT / "docs/tutorial.md")


@pytest.mark.parametrize(("module", "public"), PUBLIC)
def test_what_is_public_is_in_the_reference(module: str, public: str) -> None:
    pages = (page.read_text(encoding="utf-8") for page in (ROOT / "docs/reference").glob("*.md"))
    reference = "\n".join(pages)

    assert re.search(
        rf"^\.\. auto\w+:: {re.escape(module)}\.{public}$|^\.\. py:data:: {public}$", reference, re.MULTILINE
    )


def members(of: object) -> Iterator[tuple[str, object]]:
    """What is public of a class and is its own."""
    for member, value in vars(of).items():
        if not member.startswith("_") and (callable(value) or isinstance(value, property | classmethod)):
            yield member, value


@pytest.mark.parametrize("page", sorted((ROOT / "docs/reference").glob("*.md")), ids=name)
def test_a_page_of_the_reference_says_how_to_read_it_as_plain_markdown(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    (shown,) = re.findall(r"`python -m pydoc ([\w.]+)`", text.split("```{eval-rst}")[0])
    public = re.findall(r"^\.\. auto\w+:: ([\w.]+)", text, re.MULTILINE)

    thing = pydoc.locate(shown)
    assert inspect.ismodule(thing) or shown in public
    if inspect.ismodule(thing):
        parts = [one.rpartition(".") for one in public]
        names = [own for module, _, own in parts if module in {"agencia_async", shown}]
        assert [own for own in names if not hasattr(thing, own)] == []


@pytest.mark.parametrize(("module", "public"), PUBLIC)
def test_what_is_public_has_a_docstring(module: str, public: str) -> None:
    thing = getattr(import_module(module), public)

    assert inspect.getdoc(thing)
    if inspect.isclass(thing):
        for member, value in members(thing):
            assert inspect.getdoc(value), f"{public}.{member}"


def test_every_error_is_explained() -> None:
    errors = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    names = [public for _, public in PUBLIC if public.endswith("Error") and public != "AgenciaError"]

    assert set(re.findall(r"^### `(\w+)`$", errors, re.MULTILINE)) == set(names)


def test_every_page_is_in_the_table_of_contents() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    trees = re.findall(r"```{toctree}.*?\n\n(.*?)```", index, re.DOTALL)
    entries = [line for body in trees for line in body.split()]
    docs = [page.relative_to(ROOT / "docs") for page in PAGES if page.name != "README.md"]
    pages = {str(page.with_suffix("")) for page in docs}
    listed = {page: sum(fnmatchcase(page, entry) for entry in entries) for page in pages - {"index"}}

    assert {page: times for page, times in listed.items() if times != 1} == {}
    assert [entry for entry in entries if not any(fnmatchcase(page, entry) for page in pages)] == []


READ_ON_GITHUB = [page for page in PAGES if f"]({name(page)}" in (ROOT / "README.md").read_text("utf-8")]


@pytest.mark.parametrize("page", [ROOT / "README.md", *READ_ON_GITHUB], ids=name)
def test_pages_that_the_readme_links_are_plain_markdown(page: Path) -> None:
    directives = r"^(?:```{.*|:::.*|\(.*\)=)$|{[\w:]+}`"

    assert re.findall(directives, page.read_text(encoding="utf-8"), re.MULTILINE) == []


GROUP = get_command(app)
assert isinstance(GROUP, TyperGroup)
COMMANDS = GROUP.commands
COMMAND_LINES = [
    (page, words)
    for page in PAGES
    for language in ("console", "sh")
    for block in blocks(page, language)
    for line in block.code.replace("\\\n", "").splitlines()
    if (words := re.split(r"\bagencia ", line, maxsplit=1)[1:])
]


def options(command: str) -> set[str]:
    """The options of a command, but for the one that all have."""
    params = COMMANDS[command].params
    shown = [param for param in params if param.param_type_name == "option"]
    return {word for param in shown if not getattr(param, "hidden", False) for word in param.opts} - {
        "--help",
        "-h",
    }


@pytest.mark.parametrize(("page", "words"), COMMAND_LINES, ids=str)
def test_command_lines_name_what_there_is(page: Path, words: list[str]) -> None:
    command, *rest = shlex.split(words[0])

    assert command in COMMANDS, name(page)
    assert {word for word in rest if word.startswith("-") and word != "-"} <= options(command)


def sections(page: Path) -> dict[str, str]:
    """The text below each heading."""
    parts = re.split(r"^##+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented_with_its_options(command: str) -> None:
    page = sections(ROOT / "docs/command.md")
    shared = page["Where the ids come from"] + page["The panel"] + page["Output"]
    documented = set(re.findall(r"`(--?[a-zA-Z-]+)`", page[f"`agencia {command}`"] + shared))

    assert options(command) <= documented


def test_every_exit_code_is_documented() -> None:
    codes = re.findall(r"^\| (\d+) \|", sections(ROOT / "docs/command.md")["Exit codes"], re.MULTILINE)

    assert {int(code) for code in codes} == {int(code) for code in Code}


ARCHITECTURE = ROOT / "docs/architecture.md"
PACKAGE = Path(agencia_async.__file__).parent
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("_*/__init__.py"))


def listed(heading: str) -> set[str]:
    """The names in the first column of the table below a heading that begins so."""
    (text,) = (text for title, text in sections(ARCHITECTURE).items() if title.startswith(heading))
    return set(re.findall(r"^\| `([\w./]+)` \|", text, re.MULTILINE))


def test_every_module_at_the_top_has_its_line_in_the_architecture() -> None:
    assert listed("Top level") == {path.name for path in PACKAGE.glob("*.py")}


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_of_a_room_has_its_line_in_the_architecture(room: str) -> None:
    assert listed(f"`{room}/`") == {path.name for path in (PACKAGE / room).glob("*.py")} - {"__init__.py"}


def test_every_other_folder_has_its_line_in_the_architecture() -> None:
    folders = {f"{path.parent.relative_to(PACKAGE)}/" for path in PACKAGE.rglob("__init__.py")}

    assert listed("`cli/`") == folders - {"./"} - {f"{room}/" for room in ROOMS}


def test_paths_in_the_architecture_lead_somewhere() -> None:
    paths = re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", ARCHITECTURE.read_text(encoding="utf-8"))

    assert paths
    assert [path for path in paths if not any((root / path).exists() for root in (PACKAGE, ROOT))] == []


def classes() -> dict[str, str]:
    """The code of each class of the package."""
    return {
        node.name: "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno])
        for path in PACKAGE.rglob("*.py")
        for text in [path.read_text(encoding="utf-8")]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
    }


def test_names_in_the_architecture_are_those_of_the_code() -> None:
    names = re.findall(r"`([A-Z]\w+)\.(\w+)`", ARCHITECTURE.read_text(encoding="utf-8"))
    known = classes()

    assert names
    assert [(kind, name) for kind, name in names if not re.search(rf"\b{name}\b", known.get(kind, ""))] == []


EXAMPLES = {
    path
    for path in (ROOT / "docs/examples").rglob("*")
    if path.is_file() and path.name != "__init__.py" and "__pycache__" not in path.parts
}


@pytest.mark.parametrize("page", HOW_TO, ids=name)
def test_a_how_to_stands_on_an_example(page: Path) -> None:
    assert EXAMPLES & {(page.parent / link).resolve() for link in links(page)}


def test_each_example_has_its_how_to() -> None:
    linked = {(page.parent / link).resolve() for page in PAGES for link in links(page)}

    assert EXAMPLES - linked == set()


@pytest.mark.parametrize(
    ("screen", "text"),
    [
        ("demo", "Nothing was lost:"),
        ("status", "5,002 ids in 51 requests"),
        ("place", "for 5.416 USD? [y/N]: n"),
        ("watch", "5,000 orders, 1,504 not ended"),
    ],
)
def test_screens_are_shown_on_light_and_dark(screen: str, text: str) -> None:
    """`docs/screens.py` draws them."""
    file = ROOT / f"docs/_static/screens/{screen}.svg"
    drawing = ET.parse(file).getroot()  # noqa: S314 - our own

    assert text in "".join(drawing.itertext())
    assert "prefers-color-scheme: dark" in "".join(drawing.itertext())
    assert f"_static/screens/{screen}.svg" in links(ROOT / "docs/command.md")


def links(page: Path) -> list[str]:
    return re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", [page for page in PAGES if links(page)], ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    assert [link for link in links(page) if not (page.parent / link).exists()] == []
