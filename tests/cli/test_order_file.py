import pytest

from agencia_async import DefaultOrder, Order, RawOrder
from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.order_columns import ColumnOf, ColumnOptions
from agencia_async.cli.input.order_file import OrderRow, cells_of, columns_of, read_orders


def rows(text: str) -> list[OrderRow]:
    return list(read_orders(text.splitlines(keepends=True), "o.csv").rows)


ONE = OrderRow(line=2, reference="A-1", service="1", fields={"link": "x", "quantity": "5"}, extra={})


@pytest.mark.parametrize(
    "text",
    [
        "reference,service,link,quantity\nA-1,1,x,5\n",
        "Reference;SERVICE; Link ;quantity\r\nA-1;1; x;5 \r\n",
        "quantity\tlink\tservice\treference\n5\tx\t1\tA-1\n",
        'reference,service,link,quantity,runs,,\n"A-1",1,x,5,,,\n,,,,,,\n',
        "reference,service,link,quantity,comments\nA-1,1,x,5\n",
        "reference,service,link,quantity,state,order,error,error-type,panel,Created\nA-1,1,x,5,new,7,no,P,u,t\n",
    ],
)
def test_one_order_in_many_ways(text: str) -> None:
    assert rows(text) == [ONE]


def test_lines_in_a_cell_and_fields_of_a_panel() -> None:
    text = 'reference,service,comments,Extra.dripFeed\n# "no, order\nA-1,1,"a\nb",7\n\nA-2,1,,\n'
    orders = read_orders(text.splitlines(keepends=True), "o.csv")
    assert list(orders.rows) == [
        OrderRow(line=3, reference="A-1", service="1", fields={"comments": "a\nb"}, extra={"dripFeed": "7"}),
        OrderRow(line=6, reference="A-2", service="1", fields={}, extra={}),
    ]
    assert orders.comments == 1


def test_columns_with_other_names() -> None:
    options = ColumnOptions(column=[ColumnOf("quantity", "Amount")], ignore_column=["Customer"])
    text = "reference,service,link,Amount,Customer\nA-1,1,x,5,Ann\n"
    orders = read_orders(text.splitlines(keepends=True), "o.csv", options)
    assert (list(orders.rows), orders.ignored) == ([ONE], ["Customer"])


def test_lines_in_the_only_cell_of_a_row() -> None:
    (found,) = rows('link,reference,service,quantity\n"a\nb\nc"\n')
    assert (found.fields, found.service) == ({"link": "a\nb\nc"}, "")


def test_what_stands_without_a_heading() -> None:
    found = rows("reference,service,\nA,1,x\nB,1,,y\nC,1\n")
    assert [row.surplus for row in found] == ["x", "y", ""]


def test_numbers_of_orders_that_begin_with_a_hash() -> None:
    text = 'reference,service\n#1001,1\n"#1002",1\n'
    assert [row.reference for row in rows(text)] == ["#1002"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no orders in o.csv"),
        ("# nothing\n", "no orders in o.csv"),
        ("reference,service\n", "no orders in o.csv"),
        ("reference,service,Customer No.\n", "unknown column 'Customer No.': delete it"),
        ("reference,link\n", "o.csv: missing column: service (required: reference, service)"),
        ("reference,service,Link,link\n", "o.csv: duplicate column: link"),
        ('reference,service\nA,1\nB,"1\nC,1\n', "o.csv, line 3: a quote is opened here but never closed"),
        ('reference,service\nA,1\nB,"1"0\n', "o.csv, line 3: not valid CSV: ',' expected after '\"'"),
        ("reference,serv\0ice\nA,1\n", "o.csv, line 1: not a text file"),
        ("reference,service\n#1,1\n", "no orders in o.csv; 1 # comment: quote references that begin with #"),
        (
            'reference,service,comments\nA,3,"a\nB,3,b\nC,3,"\n',
            "o.csv, line 2: a quote is not closed on this line",
        ),
    ],
)
def test_a_file_that_cannot_be_used(text: str, fault: str) -> None:
    with pytest.raises(UsageError) as caught:
        rows(text)
    assert fault in str(caught.value)


def test_orders_as_rows() -> None:
    orders: list[Order] = [
        DefaultOrder(service=1, link="x", quantity=5, extra={"Zone": "1"}),
        RawOrder("s", {"comments": "a\nb", "kind": "7"}),
    ]
    assert columns_of(orders) == ("service", "link", "quantity", "comments", "extra.Zone", "extra.kind")
    assert cells_of(orders[1]) == {"service": "s", "comments": "a\nb", "extra.kind": "7"}
    assert columns_of([]) == ("service",)
