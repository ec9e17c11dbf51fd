"""Sends the requests of one action: one for a batch, or for one id in the field that suits it."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from agencia_async._calls.batch_support import BatchSupport
from agencia_async._calls.sender import Sender
from agencia_async._protocol.actions import Action
from agencia_async._protocol.calls import Call
from agencia_async._protocol.missing_field import says_missing
from agencia_async._protocol.outcomes import Outcomes
from agencia_async._protocol.wire_ids import is_integer, is_misread
from agencia_async.errors import (
    AgenciaError,
    InvalidOrderError,
    NotAnsweredError,
    NotFoundError,
    PanelError,
)

T = TypeVar("T")


class Asker(Generic[T]):
    """The requests of one action.

    An integer goes in the field for one id. A text goes in the field for many, as the reply to that names the
    id: a panel that numbers its orders may read `8b6f` as 8 and answer for order 8. The other of the two
    fields is tried if the panel says that it is missing: then the first request was not executed, so this
    holds for writes as well. A read of a text id is also tried there while it is not known whether the panel
    has batches.
    """

    def __init__(
        self,
        sender: Sender,
        action: Action[T],
        support: BatchSupport,
        *,
        urgent: bool = True,
        patient: bool = False,
    ) -> None:
        self._sender = sender
        self.action = action
        self.support = support
        self._urgent = urgent
        self._patient = patient

    async def batch(self, wire_ids: Sequence[str], *, once: bool = False) -> Outcomes[T]:
        """The outcomes of one request; raises the error of a whole one."""
        return await self._send(self.action.batch(wire_ids), once=once)

    async def _send(self, call: Call[Outcomes[T]], *, once: bool) -> Outcomes[T]:
        return await self._sender.send(call, urgent=self._urgent, patient=self._patient, once=once)

    async def alone(self, wire_id: str, *, once: bool = False, by_subject: bool = False) -> T | AgenciaError:
        """The outcome of one id, in a request of its own; raises the error of a whole request.

        `by_subject`: only in the field for one id.
        """
        first, other = self._fields(wire_id, by_subject=by_subject)
        try:
            outcome = await self._in(first, wire_id, once=once)
        except PanelError as error:
            if by_subject or not self._may_answer(other, wire_id, error):
                raise
            failure: AgenciaError = error
        else:
            if by_subject or not isinstance(outcome, NotAnsweredError) or not self._left_out(other, wire_id):
                return outcome
            failure = outcome
        return await self._other(other, wire_id, failure)

    def _fields(self, wire_id: str, *, by_subject: bool) -> tuple[str, str]:
        """The field to send an id in, and the other one."""
        action = self.action
        if by_subject or self.support.no_batches or self.support.misses_field:
            return action.subject, action.many
        if is_integer(wire_id) and action.one != action.many:
            return action.one, action.many
        return action.many, action.subject

    async def _in(self, field: str, wire_id: str, *, once: bool = False) -> T | AgenciaError:
        return (await self._send(self.action.in_field(field, wire_id), once=once))[wire_id]

    def _may_answer(self, other: str, wire_id: str, error: PanelError) -> bool:
        """Whether the other field may be the right one, after a refusal."""
        if lacks_field(error, other):
            self.support.misses_field = other == self.action.subject
            return True
        return is_about_ids(error) and self._second_look(other, wire_id)

    def _left_out(self, other: str, wire_id: str) -> bool:
        """Whether the other field may be the right one, as the reply left the id out."""
        return not is_misread(wire_id) and self._second_look(other, wire_id)

    def _second_look(self, other: str, wire_id: str) -> bool:
        is_other = not is_integer(wire_id) and other == self.action.subject
        return is_other and not self.action.retry_mode.is_write and self.support.second_look()

    async def _other(self, other: str, wire_id: str, failure: AgenciaError) -> T | AgenciaError:
        """The outcome in the other field; `failure` is that in the first one."""
        is_meant = isinstance(failure, PanelError) and lacks_field(failure, other)
        try:
            outcome = await self._in(other, wire_id)
        except PanelError as error:
            if is_meant or not is_about_ids(error):
                raise
            self.support.second_look_failed()
            # What is said of a text that may be misread is said of another order.
            return error if isinstance(error, NotFoundError) and not is_misread(wire_id) else failure
        if isinstance(outcome, AgenciaError) and not is_meant:
            self.support.second_look_failed()
        return outcome


def lacks_field(error: PanelError, field: str) -> bool:
    """Whether a request was refused because it has no field of this name."""
    return not isinstance(error, NotFoundError) and says_missing(error.message, field)


def is_about_ids(error: AgenciaError) -> bool:
    """Whether a refusal of a whole request may be for the sake of one id, or of their number."""
    return isinstance(error, NotFoundError | InvalidOrderError) or type(error) is PanelError
