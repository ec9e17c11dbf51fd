"""Screens as they were looked at once; `python -m tests.cli.screens` writes them anew."""

import re

import pytest

from .screens import FOLDER, VARIANTS


@pytest.mark.parametrize("name", VARIANTS)
def test_a_screen_is_as_it_was_looked_at(name: str) -> None:
    assert VARIANTS[name]() == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def test_every_snapshot_is_compared() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == VARIANTS.keys()


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    text = (FOLDER / f"{width}.txt").read_text(encoding="utf-8")
    lines = text.partition("--- verdict ---")[
        0
    ].splitlines()  # that is prose, which the terminal itself wraps
    assert [line for line in lines if len(line) > width] == []


def test_colours_are_those_of_the_terminals_own_theme() -> None:
    """Red to cyan are legible on light and dark; black, white and fixed colours are not."""
    text = (FOLDER / "colors.txt").read_text(encoding="utf-8")
    codes = {code for found in re.findall(r"\\e\[([\d;]*)m", text) for code in found.split(";")}
    assert codes == {"0", "1", "2", "31", "32", "33", "35", "36"}


def test_without_colours_there_are_none() -> None:
    text = (FOLDER / "no_color.txt").read_text(encoding="utf-8")
    assert {*re.findall(r"\\e\[([\d;]*)m", text)} <= {"0", "1", "2"}


def test_the_ascii_screen_is_ascii() -> None:
    assert (FOLDER / "ascii.txt").read_text(encoding="utf-8").isascii()
