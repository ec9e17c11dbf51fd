import pytest
import typer

from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.order_columns import (
    FIELDS,
    ColumnOf,
    ColumnOptions,
    columns_named,
    parse_column,
)

SHOP = ["Order ID", "Service ID", "URL", "Amount", "Customer"]
END = "only a field that the panel itself needs is named extra.NAME, and sent to the panel"


def faults(headings: list[str], *options: str, ignored: list[str] | None = None) -> list[str]:
    given = ColumnOptions(column=[*map(parse_column, options)], ignore_column=ignored)
    with pytest.raises(UsageError) as caught:
        columns_named(headings, "o.csv", given)
    return str(caught.value).splitlines()


def test_all_fields_of_all_orders_are_known() -> None:
    assert FIELDS[:2] == ("link", "quantity")
    assert {"runs", "interval", "comments", "groups", "expiry", "referring_url"} < set(FIELDS)
    assert not {"service", "extra", "fields"} & set(FIELDS)


def test_all_faults_are_told_at_once() -> None:
    assert faults([*SHOP, "Link", " link "]) == [
        (
            "o.csv: unknown column 'Order ID': if it is the reference, rename it to reference, or pass "
            "--column 'reference=Order ID'; else delete it, or pass --ignore-column 'Order ID'"
        ),
        (
            "o.csv: unknown column 'Service ID': if it is the service, rename it to service, or pass "
            "--column 'service=Service ID'; else delete it, or pass --ignore-column 'Service ID'"
        ),
        (
            "o.csv: unknown column 'URL': if it is the link, rename it to link, or pass --column link=URL; "
            "else delete it, or pass --ignore-column URL"
        ),
        (
            "o.csv: unknown column 'Amount': if it is the quantity, rename it to quantity, or pass "
            "--column quantity=Amount; else delete it, or pass --ignore-column Amount"
        ),
        "o.csv: unknown column 'Customer': delete it, or pass --ignore-column Customer",
        "o.csv: duplicate column: link ('Link', 'link')",
        f"o.csv: 6 column errors, so nothing was sent; {END}",
    ]


def test_missing_columns() -> None:
    assert faults(["link", "quantity"]) == [
        "o.csv: missing column: reference (required: reference, service)",
        "o.csv: missing column: service (required: reference, service)",
        "o.csv: 2 column errors, so nothing was sent",
    ]


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("qty", "quantity"),
        ("Quantitiy", "quantity"),
        ("links", "link"),
        ("order_id", "reference"),
        ("ID", "reference"),
        ("refrence", "reference"),
        ("ServiceID", "service"),
        ("Comment", "comments"),
        ("User", "username"),
    ],
)
def test_what_other_headings_could_stand_for(heading: str, field: str) -> None:
    (first, *_) = faults(["reference", "service", heading])
    assert f"if it is the {field}, rename it to {field}, or pass --column {field}={heading};" in first


@pytest.mark.parametrize("heading", ["Customer", "E-mail", "lnk price", "stat", "extra.", "Country code"])
def test_no_comic_suggestions(heading: str) -> None:
    (first, _) = faults(["reference", "service", heading])
    assert f"unknown column {heading!r}: delete it, or pass --ignore-column " in first


def test_the_first_row_is_no_heading() -> None:
    assert faults(["A-1001", "1", "https://a.b/1", "1000"]) == [
        "o.csv: the first row must contain the headings, such as reference, service, link and quantity"
    ]


def test_columns_with_other_names() -> None:
    given = ["reference=order_id", "Service=service id", "link=url", "quantity=AMOUNT", "extra.Zone=region"]
    options = ColumnOptions(column=[*map(parse_column, given)], ignore_column=["customer", "Runs"])
    headings = [*SHOP, "Region", "runs", "", "state"]
    assert columns_named(headings, "o.csv", options) == [
        "reference",
        "service",
        "link",
        "quantity",
        "-",
        "extra.Zone",
        "-",
        "",
        "state",
    ]


def test_options_that_do_not_fit_the_file() -> None:
    assert faults(
        ["reference", "service", "quantity", "Amount"],
        "quantity=Amount",
        "link=Amount",
        "link=URL",
        ignored=["run"],
    ) == [
        "o.csv: no column 'URL'; the columns are 'reference', 'service', 'quantity', 'Amount'",
        "o.csv: no column 'run'; the columns are 'reference', 'service', 'quantity', 'Amount'",
        "column 'Amount': more than one --column or --ignore-column",
        "column 'Amount': more than one --column or --ignore-column",
        "o.csv: 4 column errors, so nothing was sent",
    ]
    assert faults(["reference", "service", "quantity", "Amount"], "quantity=Amount") == [
        "o.csv: duplicate column: quantity ('quantity', 'Amount')",
        "o.csv: 1 column error, so nothing was sent",
    ]
    assert faults(["reference", "service", "link"], "link=link", ignored=["Link"])[:1] == [
        "column 'link': more than one --column or --ignore-column"
    ]


ALIKE = ["reference", "service", "expiry", "Expiry.", "extra.Foo", "extra.foo", "-", ""]


@pytest.mark.parametrize(
    ("ignored", "names"),
    [
        (["Expiry.", "-"], ["expiry", "-", "extra.Foo", "extra.foo", "-", ""]),
        (["expiry", " Expiry. ", "-"], ["-", "-", "extra.Foo", "extra.foo", "-", ""]),
        (["Expiry.", "extra.foo", "-", "-"], ["expiry", "-", "extra.Foo", "-", "-", ""]),
    ],
)
def test_an_exact_heading_wins(ignored: list[str], names: list[str]) -> None:
    options = ColumnOptions(ignore_column=ignored)
    assert columns_named(ALIKE, "o.csv", options) == ["reference", "service", *names]


def test_one_of_two_headings_that_are_alike_can_be_mapped() -> None:
    options = ColumnOptions(column=[ColumnOf("quantity", "Amount")], ignore_column=["amount"])
    assert columns_named(["reference", "service", "amount", "Amount"], "o.csv", options)[2:] == [
        "-",
        "quantity",
    ]


def test_an_option_that_fits_several_headings_ignores_none() -> None:
    assert faults(ALIKE, ignored=["EXPIRY", "-"])[0] == (
        "o.csv: 'EXPIRY' fits several columns: 'expiry', 'Expiry.'; write one of them exactly"
    )
    assert faults(ALIKE, "quantity=EXPIRY", ignored=["-"])[0] == (
        "o.csv: 'EXPIRY' fits several columns: 'expiry', 'Expiry.'; write one of them exactly"
    )


@pytest.mark.parametrize("ignored", ["", " ", ".", "-", "_", "- -"])
def test_an_option_without_letters_fits_no_column_without_a_heading(ignored: str) -> None:
    assert faults(["reference", "service", "link", ""], ignored=[ignored])[0].startswith("o.csv: no column '")


def test_a_field_of_a_panel_has_no_blanks_around_its_name() -> None:
    headings = ["reference", "service", "extra. quantity", " Extra.Zone "]
    assert columns_named(headings, "o.csv", ColumnOptions())[2:] == ["extra.quantity", "extra.Zone"]


def test_the_option() -> None:
    assert parse_column("quantity=Net = gross") == ColumnOf("quantity", "Net = gross")
    for text in ("", "quantity", "quantity=", "quantity= ", "=x", "amount=Amount", "extra.=x", "state=x"):
        with pytest.raises(typer.BadParameter, match="expected FIELD=COLUMN"):
            parse_column(text)
