import copy
import json
import pickle
from typing import Any

import httpx
import pytest

from agencia_async import AsyncClient, ConfigurationError, OrderState, OrderStatus, RefillState, RefillStatus
from agencia_async.states import OwnWord

OWN = {
    "tamamlandı": OrderState.COMPLETED,
    "Sipariş bulunamadı": OrderState.CANCELED,
    "Pending": OrderState.PROCESSING,
    "iade": OrderState.REFUNDED,
}


def client(reply: object) -> AsyncClient:
    """A client with words of its own, of a panel that answers so."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=reply))
    return AsyncClient(
        "KEY", base_url="https://panel.example/", transport=transport, states=OWN, batch_window=0
    )


def documented(status: str) -> dict[str, str]:
    return {"charge": "1", "start_count": "1", "status": status, "remains": "1", "currency": "USD"}


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
        ("Expired", OrderState.EXPIRED, True),
        ("awaiting", OrderState.PENDING, False),
        ("Refilling", OrderState.IN_PROGRESS, False),
        *((word, OrderState.PENDING, False) for word in ("Queued", "In queue", "WAITING", "В ожидании")),
        *((word, OrderState.PROCESSING, False) for word in ("process", "Обрабатывается", "в обработке")),
        *(
            (word, OrderState.IN_PROGRESS, False)
            for word in ("In process", "running", "Выполняется", "В работе")
        ),
        *((word, OrderState.COMPLETED, True) for word in ("success", "DONE", "finished", "Delivered")),
        *((word, OrderState.COMPLETED, True) for word in ("Выполнен", "завершён", "ЗАВЕРШЕН", "Готово")),
        *(
            (word, OrderState.PARTIAL, True)
            for word in ("Partially completed", "partially_completed", "Частично")
        ),
        *((word, OrderState.CANCELED, True) for word in ("cancel", "Отменён", "отменен", "Отмена")),
        *((word, OrderState.REFUNDED, True) for word in ("refund", "Refunds", "Возврат")),
        *((word, OrderState.FAILED, True) for word in ("fail", "Failed", "Ошибка", "Отклонён")),
        *((word, OrderState.PAUSED, False) for word in ("on hold", "on-hold", "Holding", "Приостановлен")),
        ("Истёк", OrderState.EXPIRED, True),
        ("orders.state.in_queue", OrderState.PENDING, False),
        ("completed" * 10_000, OrderState.UNKNOWN, False),
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
        *((word, RefillState.IN_PROGRESS, False) for word in ("In progress", "in_process", "Выполняется")),
        *((word, RefillState.COMPLETED, True) for word in ("success", "Refilled", "Выполнен")),
        *((word, RefillState.REJECTED, True) for word in ("declined", "Отклонён")),
        *((word, RefillState.CANCELED, True) for word in ("Cancelled", "Отменен")),
        ("Partial", RefillState.PARTIAL, True),
        ("Processing", RefillState.PROCESSING, False),
        ("Refunded", RefillState.UNKNOWN, False),
        ("x" * 10_000, RefillState.UNKNOWN, False),
        ("?", RefillState.UNKNOWN, False),
    ],
)
def test_a_refill_state_is_read_in_any_spelling(spelt: str, state: RefillState, final: bool) -> None:  # noqa: FBT001
    status = RefillStatus(status=spelt)
    assert (status.state, status.is_final) == (state, final)


@pytest.mark.parametrize(
    ("spelt", "state"),
    [
        ("tamamlandı", OrderState.COMPLETED),
        ("Tamamlandı", OrderState.COMPLETED),
        ("TAMAMLANDI", OrderState.COMPLETED),
        ("tamam_landi", OrderState.COMPLETED),
        ("status.tamamlandı", OrderState.COMPLETED),
        ("Sipariş bulunamadı", OrderState.CANCELED),
        ("pending", OrderState.PROCESSING),
        ("Completed", OrderState.COMPLETED),
        ("Brewing", OrderState.UNKNOWN),
    ],
)
async def test_own_words_come_before_the_known_ones(spelt: str, state: OrderState) -> None:
    rows: list[Any] = [documented(spelt), {"status": spelt}, {"status": spelt, "posts": "5"}, spelt]
    for row in rows:
        async with client({"1": row, "2": documented("Partial")}) as it:
            result = await it.status_many([1, 2])
        if row != "Brewing":
            assert (result[1].status, result[1].state) == (spelt, state), row
            assert result[1].is_final is (state in {OrderState.COMPLETED, OrderState.CANCELED})
        assert result[2].state is OrderState.PARTIAL
    async with client({"status": spelt}) as it:
        assert (await it.status(1)).state is state


@pytest.mark.parametrize(
    ("spelt", "state"),
    [
        ("Tamamlandı", RefillState.COMPLETED),
        ("pending", RefillState.PROCESSING),
        ("iade", RefillState.UNKNOWN),
        ("Awaiting", RefillState.AWAITING),
    ],
)
async def test_a_refill_has_the_state_of_the_same_name(spelt: str, state: RefillState) -> None:
    async with client([{"refill": 1, "status": spelt}]) as it:
        assert (await it.refill_status_many([1]))[1].state is state


def test_a_word_of_ones_own_is_equal_to_its_text_and_travels_with_the_record() -> None:
    record = OrderStatus(status=OwnWord("hazır", OrderState.COMPLETED))
    plain = OrderStatus(status="hazır")
    assert (record, hash(record), repr(record)) == (plain, hash(plain), repr(plain))
    assert plain.state is OrderState.UNKNOWN
    assert json.dumps(record.status) == json.dumps("hazır")
    for other in (copy.copy(record), copy.deepcopy(record), pickle.loads(pickle.dumps(record))):
        assert (other, other.state, other.is_final) == (record, OrderState.COMPLETED, True)


@pytest.mark.parametrize(
    ("states", "message"),
    [
        (["done"], "states must map words to OrderState, got"),
        ({1: OrderState.COMPLETED}, "states: a word must be a non-empty string, got 1"),
        ({" ": OrderState.COMPLETED}, "states: a word must be a non-empty string, got ' '"),
        ({"hazır": "Completed"}, "states: 'hazır' must map to an OrderState, got 'Completed'"),
        ({"hazır": RefillState.COMPLETED}, "states: 'hazır' must map to an OrderState, got"),
    ],
)
def test_words_that_will_not_do_are_named(states: Any, message: str) -> None:  # noqa: ANN401 - whatever a caller gives
    with pytest.raises(ConfigurationError, match=message):
        AsyncClient("KEY", states=states)
