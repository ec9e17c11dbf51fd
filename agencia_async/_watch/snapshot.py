"""What a watcher has told, as plain data, and how it is read again."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, cast

from attrs import frozen

from agencia_async._protocol.plain_records import FAULTS, status_of
from agencia_async._watch.watched import Known, S, Watched
from agencia_async.errors import AgenciaError, ConfigurationError
from agencia_async.models import OrderStatus, RefillStatus

VERSION = 1


@frozen
class Kind(Generic[S]):
    """What is watched.

    Attributes:
        plural: its name.
        status: makes a status of its plain data.
    """

    plural: str
    status: Callable[[Mapping[str, Any]], S]


ORDERS = Kind("orders", partial(status_of, OrderStatus))
REFILLS = Kind("refills", partial(status_of, RefillStatus))


# --- written ----------------------------------------------------------------------------------------------


def written_snapshot(ids: Iterable[Watched[S]], kind: Kind[S], now: float) -> dict[str, Any]:
    """What was told of these ids; `now` is the time by the clock of the event loop."""
    ahead = time.time() - now
    return {
        "version": VERSION,
        "of": kind.plural,
        "taken": _moment(ahead + now),
        kind.plural: {one.key: _row(one, ahead) for one in ids if one.told_number},
    }


def _row(one: Watched[Any], ahead: float) -> dict[str, Any]:
    is_told = one.told_number == one.number
    return {
        "number": one.told_number,
        "since": _moment(ahead + one.since),
        "final": one.is_ended and is_told,
        "status": None if one.told is None else one.told.to_dict(),
        "error": one.error.to_dict() if one.error is not None and is_told else None,
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


# --- read -------------------------------------------------------------------------------------------------


def read_snapshot(known: object, kind: Kind[S], now: float) -> dict[str, Known[S]]:
    """What is known of each id.

    Raises:
        ConfigurationError: it is no snapshot, or that of another version or kind.
    """
    snapshot = cast("Mapping[str, Any]", known)
    if not isinstance(known, Mapping) or "version" not in snapshot:
        raise ConfigurationError(f"known must be a snapshot of a watcher, got {_shown(snapshot)}")
    if snapshot["version"] != VERSION:
        version = _shown(snapshot["version"])
        raise ConfigurationError(f"known is a snapshot of version {version}; this release reads {VERSION}")
    if snapshot.get("of") != kind.plural or not isinstance(snapshot.get(kind.plural), Mapping):
        of = _shown(snapshot.get("of"))
        raise ConfigurationError(f"known must be a snapshot of {kind.plural}, got one of {of}")
    ahead = time.time() - now
    return {str(key): _known(key, row, kind, now, ahead) for key, row in snapshot[kind.plural].items()}


def _known(key: object, row: Any, kind: Kind[S], now: float, ahead: float) -> Known[S]:  # noqa: ANN401 - foreign
    try:
        since = datetime.fromisoformat(row["since"]).timestamp() - ahead
        status = None if row["status"] is None else kind.status(row["status"])
        error = None if row["error"] is None else AgenciaError.from_dict(row["error"])
        return Known(min(since, now), status, error, row["number"] + 0, status, row["number"])
    except FAULTS as fault:
        reason = f"{type(fault).__name__}: {fault}"
    raise ConfigurationError(f"known cannot be read at {_shown(key)}: {reason}")


def _shown(value: object) -> str:
    return repr(value)[:80]
