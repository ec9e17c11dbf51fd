"""The example of a notebook, executed by nbclient in a kernel of its own."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from agencia_async.sandbox import Panel
from tests.examples.scene import EXAMPLES


@pytest.mark.agencia_panel(clock=lambda: 0.0)
@pytest.mark.usefixtures("agencia_env")
def test_the_notebook_runs_and_its_sums_are_exact(agencia_panel: Panel, tmp_path: Path) -> None:
    orders = agencia_panel.seed_orders(150)
    (tmp_path / "orders.csv").write_text(
        "order_id\n" + "".join(f"{order}\n" for order in (*orders, 999)), encoding="utf-8"
    )
    notebook = nbformat.read(EXAMPLES / "notebook.ipynb", as_version=4)  # type: ignore[no-untyped-call]

    NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}).execute()

    asked, pandas, errors, polars = (text(cell) for cell in notebook.cells if cell.cell_type == "code")
    assert asked == "<BulkResult: 150 ok, 1 failed>"
    assert "NotFoundError" in errors
    completed = [
        Decimal(str(status["charge"]))
        for status in map(agencia_panel.expected_status, orders)
        if status["status"] == "Completed"
    ]
    assert f"{sum(completed).normalize():f}" in pandas  # type: ignore[union-attr]
    assert f"{sum(completed).normalize():f}" in polars  # type: ignore[union-attr]
    assert sorted(len(request.ids) for request in agencia_panel.requests) == [51, 100]


def text(cell: Any) -> str:  # noqa: ANN401 - as nbformat has it
    """The result of a cell."""
    return str(cell.outputs[-1]["data"]["text/plain"])
