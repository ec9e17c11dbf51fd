from sqlalchemy import create_engine, text

from agencia_async._journal.rows import _LAST
from agencia_async._journal.schema import tables


def test_the_last_order_for_a_link_is_found_without_reading_the_others() -> None:
    with create_engine("sqlite://").begin() as connection:
        tables.create_all(connection)
        plan = connection.execute(
            text(f"EXPLAIN QUERY PLAN {_LAST}"), {"its_target": "", "since": "", "state_1": "", "param_1": 1}
        )
        (step,) = [row.detail for row in plan]
    assert "USING INDEX agencia_orders_by_target (target=? AND updated>?)" in step
