"""Stops a bulk call once the account is rejected."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from agencia_async.errors import AgenciaError, AuthenticationError

R = TypeVar("R")


class AccountGuard:
    """Notices an authentication error in the middle of a bulk call, and sends nothing more after it."""

    def __init__(self) -> None:
        self._succeeded = False
        self._rejection: AuthenticationError | None = None

    async def run(self, ask: Callable[[], Awaitable[R]], failed: Callable[[AgenciaError], R]) -> R:
        """The result of `ask`, or what `failed` makes of its error.

        Raises:
            AuthenticationError: the account was rejected before anything succeeded.
        """
        if self._rejection is not None:
            return failed(self._rejection)
        try:
            answer = await ask()
        except AuthenticationError as error:
            if not self._succeeded:
                raise
            self._rejection = error
            return failed(error)
        except AgenciaError as error:
            # A possible effect must be reported, even if the account is rejected afterwards.
            self._succeeded = self._succeeded or error.sent != "no"
            return failed(error)
        self._succeeded = True
        return answer
