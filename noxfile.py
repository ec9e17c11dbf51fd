"""What is checked: `nox` runs it all, `nox -s lint` one session, `nox -s tests-3.12` one Python."""

import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"  # the former installs in a tenth of the time
nox.options.error_on_missing_interpreters = False

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
PROJECT = nox.project.load_toml("pyproject.toml")


A_FEW = (
    "tests/test_face.py",
    "tests/test_docs.py::test_the_examples_run_and_print_what_the_page_says[README.md]",
    "tests/bulk/test_bulk.py",
    "tests/calls/test_execution.py",
    "tests/cli/test_main.py",
    "tests/client/test_settings.py",
    "tests/concurrency/test_coalescer.py",
    "tests/journal/test_placing.py",
    "tests/limits/test_breaker.py",
    "tests/orders/test_changes.py",
    "tests/plain/test_plain.py",
    "tests/protocol/test_envelope.py",
    "tests/sandbox/test_init.py",
    "tests/transport/test_address.py",
)
"""The public face, what the README shows, and something of each room."""


def _group(name: str) -> list[str]:
    return list(nox.project.dependency_groups(PROJECT, name))


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests: with full branch coverage, then in asyncio's debug mode."""
    session.install("-e", ".[all]", *_group("test"))
    session.run("pytest", *session.posargs, "--cov")
    session.run("pytest", *session.posargs, env={"PYTHONASYNCIODEBUG": "1"})


@nox.session(python="3.12")
def eager(session: nox.Session) -> None:
    """Run the tests with tasks that run at once, up to their first wait (`asyncio.eager_task_factory`)."""
    session.install("-e", ".[all]", *_group("test"))
    session.run("pytest", *session.posargs, env={"TESTS_EAGER": "1"})


@nox.session
def wheel(session: nox.Session) -> None:
    """Run some tests of the sdist against the installed wheel, the source tree away; `-- tests`: all."""
    session.install("--no-compile", "build", "hatchling", *_group("test"))
    folder = Path(session.create_tmp()).resolve()
    session.run("python", "-m", "build", "--no-isolation", "--outdir", str(folder / "dist"))
    (wheel,) = (folder / "dist").glob("*.whl")
    (sdist,) = (folder / "dist").glob("*.tar.gz")
    session.install("--no-compile", f"{wheel}[all]")
    shutil.unpack_archive(sdist, folder / "sdist", filter="data")
    (tree,) = (folder / "sdist").iterdir()
    shutil.move(tree / "agencia_async", folder / "package")  # what is imported must be what was installed
    session.chdir(tree)
    session.run("pytest", *(session.posargs or A_FEW))


@nox.session(default=False)
def nightly(session: nox.Session) -> None:
    """Run the tests with many more examples, orders and kills."""
    session.install("-e", ".[all]", *_group("test"))
    session.run("pytest", *session.posargs, env={"HYPOTHESIS_PROFILE": "nightly"})
    session.notify("wheel", ["tests"])


@nox.session(python="3.11")
def minimums(session: nox.Session) -> None:
    """Run the tests with the lowest version of every direct dependency."""
    session.install("uv")
    lowest = ("--resolution", "lowest-direct", "--python", session.virtualenv.location)
    project = ("-r", "pyproject.toml", "--extra", "all", "--group", "test")
    session.run("uv", "pip", "install", *lowest, *project)
    session.install("--no-deps", "-e", ".")
    session.run("pytest", *session.posargs)


@nox.session(default=False)
def mutants(session: nox.Session) -> None:
    """Break the code bit by bit, and see that a test fails; `nox -s mutants -- "*_bulk*"` takes a part."""
    session.install("-e", ".[all]", *_group("mutants"))
    session.run("mutmut", "run", *session.posargs, env={"HYPOTHESIS_PROFILE": "mutants"})
    session.run("mutmut", "results")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure what the client costs beside other ways; `nox -s bench -- --quick` takes a minute."""
    session.install("-e", ".[all]", *_group("bench"))
    session.run("python", "benchmarks/bench.py", *session.posargs)


@nox.session(default=False)
def package(session: nox.Session) -> None:
    """Build the package, and check what is in it and how its description is shown."""
    session.install(*_group("package"))
    folder = Path(session.create_tmp())
    session.run("python", "-m", "build", "--outdir", str(folder))
    wheels, sources = ([*map(str, folder.glob(f"*.{kind}"))] for kind in ("whl", "tar.gz"))
    session.run("check-wheel-contents", *wheels)
    session.run("twine", "check", "--strict", *wheels, *sources)


@nox.session
def lint(session: nox.Session) -> None:
    """Check the code's rules and its format."""
    session.install(*_group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def typing(session: nox.Session) -> None:
    """Check the types, as strictly as both checkers can."""
    session.install("-e", ".[all]", *_group("typing"))
    session.run("mypy")
    session.run("basedpyright")
    session.run("basedpyright", "--verifytypes", "agencia_async", "--ignoreexternal")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation, and test what was built; a warning, or a reference to nothing, is an error."""
    session.install("-e", ".[all]", *_group("docs"))
    session.run("sphinx-build", "-q", "-W", "--keep-going", "-n", "-b", "html", "docs", "docs/_build/html")
    session.run("pytest", "docs/test_site.py", "docs/test_search.py")


@nox.session(default=False)
def site(session: nox.Session) -> None:
    """Look at each page in Chromium: nothing too wide, no error, no dead link; pictures in docs/_build."""
    session.install("-e", ".[all]", *_group("site"))
    session.run("sphinx-build", "-q", "-W", "--keep-going", "-n", "-b", "html", "docs", "docs/_build/html")
    session.run("python", "docs/check_site.py", *session.posargs)
