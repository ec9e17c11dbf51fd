import csv
import json

import pytest

from .conftest import Agencia, WatchedPanel


def test_balance(panel: WatchedPanel, agencia: Agencia) -> None:
    assert agencia("balance").out == "balance,currency\n1000,USD\n"
    assert agencia("balance", "--format", "table").out == "1000  USD\n"
    assert json.loads(agencia("balance", "--format", "json").out) == [
        {"balance": "1000", "currency": "USD", "extra": {}}
    ]
    assert panel.seen == ["balance"] * 3


def test_the_whole_catalogue(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("services")
    rows = list(csv.DictReader(done.rows))
    assert [row["service"] for row in rows] == [str(one.service) for one in panel.catalogue]
    assert [row["rate"] for row in rows] == [str(one.rate) for one in panel.catalogue]
    assert done.err == "40 of 40 services\n"


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--search", "COMMENTS", "--max-rate", "2"], ["Ten comments"]),
        (["--search", "WEB", "--type", "seo", "--max-rate", "2.375"], ["Search ranking"]),
        (["--category", "first", "--min-rate", "4.5", "--max-rate", "4.50"], ["Starter package"]),
        (["--search", "card starter FIRST", "--category", "first"], []),
        (["--search", "package starter FIRST", "--max-rate", "4.50"], ["Starter package"]),
        (["--search", "there is none such"], []),
    ],
)
def test_some_services(panel: WatchedPanel, agencia: Agencia, options: list[str], names: list[str]) -> None:
    done = agencia("services", *options)
    assert done.code == 0
    assert [row["name"] for row in csv.DictReader(done.rows)] == names
    assert done.err == f"{len(names)} of 40 services\n"
    assert panel.seen == ["services"]


@pytest.mark.usefixtures("panel")
def test_a_type_that_there_is_not(agencia: Agencia) -> None:
    done = agencia("services", "--type", "foo")
    no_type, count = done.err.splitlines()
    assert no_type.startswith("no service has the type 'foo'; the types are Comment Likes, Comment Replies, ")
    assert (done.code, len(done.rows), count) == (0, 1, "0 of 40 services")
    assert agencia("services", "--type", "package", "--search", "nothing").err == "0 of 40 services\n"


@pytest.mark.usefixtures("panel")
def test_services_as_a_table_and_quietly(agencia: Agencia) -> None:
    done = agencia("services", "--format", "table", "--quiet", "--type", "package", "--max-rate", "4.50")
    assert done.rows[0] == "service  rate  min  max  refill  cancel  type     category        name"
    assert done.rows[1] == "      2  4.50    1    1  no      yes     Package  First Category  Starter package"
    assert done.err == ""


def test_a_panel_that_fails(panel: WatchedPanel, agencia: Agencia) -> None:
    panel.faults.script("gateway_page")
    done = agencia("balance", "--attempts", 1)
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("agencia: no usable reply from the panel: HTTP 502")
    assert done.err.splitlines()[1] == "  hint: is the panel up, and --base-url correct?"
