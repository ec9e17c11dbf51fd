import pytest

from agencia_async import OrderState, OrderStatus, RefillState, RefillStatus


@pytest.mark.parametrize(
    ("spelt", "state", "final"),
    [
        ("Pending", OrderState.PENDING, False),
        ("In progress", OrderState.IN_PROGRESS, False),
        ("in_progress", OrderState.IN_PROGRESS, False),
        ("In-Progress ", OrderState.IN_PROGRESS, False),
        ("Active", OrderState.IN_PROGRESS, False),
        ("Processing", OrderState.PROCESSING, False),
        ("complete", OrderState.COMPLETED, True),
        ("Completed", OrderState.COMPLETED, True),
        ("tasks.status.completed", OrderState.COMPLETED, True),
        ("Partial", OrderState.PARTIAL, True),
        ("Cancelled", OrderState.CANCELED, True),
        ("Canceled", OrderState.CANCELED, True),
        ("Refunded", OrderState.REFUNDED, True),
        ("Error", OrderState.FAILED, True),
        ("rejected", OrderState.FAILED, True),
        ("Paused", OrderState.PAUSED, False),
        ("Expired", OrderState.EXPIRED, False),
        ("awaiting", OrderState.PENDING, False),
        ("Refilling", OrderState.IN_PROGRESS, False),
        ("Brewing", OrderState.UNKNOWN, False),
        ("", OrderState.UNKNOWN, False),
    ],
)
def test_an_order_state_is_read_in_any_spelling(spelt: str, state: OrderState, final: bool) -> None:  # noqa: FBT001
    status = OrderStatus(status=spelt)
    assert (status.status, status.state, status.is_final) == (spelt, state, final)


@pytest.mark.parametrize(
    ("spelt", "state", "final"),
    [
        ("Pending", RefillState.PENDING, False),
        ("Awaiting", RefillState.AWAITING, False),
        ("In process", RefillState.IN_PROGRESS, False),
        ("Rejected", RefillState.REJECTED, True),
        ("COMPLETED", RefillState.COMPLETED, True),
        ("fail", RefillState.FAILED, True),
        ("?", RefillState.UNKNOWN, False),
    ],
)
def test_a_refill_state_is_read_in_any_spelling(spelt: str, state: RefillState, final: bool) -> None:  # noqa: FBT001
    status = RefillStatus(status=spelt)
    assert (status.state, status.is_final) == (state, final)
