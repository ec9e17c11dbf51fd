"""Notices when the account is refused in the middle of a bulk call."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from agencia_async.errors import AgenciaError, AuthenticationError

R = TypeVar("R")


class AccountGuard:
    """Notices when the account is refused in the middle of a bulk call, and lets no more through then."""

    def __init__(self) -> None:
        self._succeeded = False
        self._refused: AuthenticationError | None = None

    async def run(self, ask: Callable[[], Awaitable[R]], failed: Callable[[AgenciaError], R]) -> R:
        """What is asked for, or what a failure makes of it.

        Raises:
            AuthenticationError: the account was refused before anything succeeded.
        """
        if self._refused is not None:
            return failed(self._refused)
        try:
            answer = await ask()
        except AuthenticationError as error:
            if not self._succeeded:
                raise
            self._refused = error
            return failed(error)
        except AgenciaError as error:
            # What may have happened must be told of, even if the account is refused afterwards.
            self._succeeded = self._succeeded or error.sent != "no"
            return failed(error)
        self._succeeded = True
        return answer
