"""A machine without PostgreSQL."""

from pathlib import Path

import pytest

from tests.support.servers import wanted

from . import cluster


@pytest.fixture(autouse=True)
def _none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(cluster, "PROGRAMS", tmp_path)


@pytest.mark.parametrize(("ci", "ending"), [(None, pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_its_tests_are_skipped_and_fail_where_all_must_be_tested(
    monkeypatch: pytest.MonkeyPatch, ci: str | None, ending: type[BaseException]
) -> None:
    monkeypatch.delenv("CI", raising=False)
    if ci is not None:
        monkeypatch.setenv("CI", ci)
    with (
        pytest.raises((pytest.skip.Exception, pytest.fail.Exception), match="no PostgreSQL") as caught,
        wanted(cluster.started),
    ):
        pass
    assert caught.type is ending  # to raise the other one would skip this test
