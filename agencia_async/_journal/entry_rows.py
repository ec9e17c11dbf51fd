"""The entry in a row, and its history as a row holds it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from agencia_async._journal.entry import JournalEntry, JournalState, Refusal, written
from agencia_async._orders.fields import id_from_text
from agencia_async._orders.order import Order


def entry_of(row: Row[Any]) -> JournalEntry:
    """The entry in a row."""
    numbers: list[str] = json.loads(row.order_ids) if row.order_ids else []
    if row.order_id is not None and not numbers:
        numbers = [row.order_id]
    return JournalEntry(
        reference=row.reference,
        state=JournalState(row.state),
        order=Order.restored(row.kind, json.loads(row.form)),
        order_id=None if row.order_id is None else id_from_text(row.order_id),
        order_ids=tuple(map(id_from_text, numbers)),
        error=row.error,
        panel=row.panel,
        resolved_manually=row.by_hand,
        was_verified=is_verified(row),
        refusals=row.refusals,
        history=tuple(map(_refusal, json.loads(row.history) if row.history else [])),
        warning=row.warning,
        duplicate_of=row.duplicate_of,
        created=datetime.fromisoformat(row.created),
        updated=datetime.fromisoformat(row.updated),
    )


def is_given(row: Row[Any]) -> bool:
    """Whether a person has given the id of the order in a row, confirmed by the panel or not."""
    return bool(row.by_hand or (row.order_ids and json.loads(row.order_ids) == [row.order_id]))


def is_verified(row: Row[Any]) -> bool:
    """Whether the panel has confirmed an id that a person gave to the order in a row, or an earlier one."""
    return bool(row.verified or (is_given(row) and not row.by_hand))


def history_text(history: Sequence[Refusal]) -> str | None:
    rows = [
        {
            "kind": type(refusal.order).__name__,
            "form": refusal.order.form(),
            "panel": refusal.panel,
            "error": refusal.error,
            "updated": written(refusal.updated),
        }
        for refusal in history
    ]
    return json.dumps(rows) if rows else None


def _refusal(row: Mapping[str, Any]) -> Refusal:
    return Refusal(
        order=Order.restored(row["kind"], row["form"]),
        panel=row["panel"],
        error=row["error"],
        updated=datetime.fromisoformat(row["updated"]),
    )
