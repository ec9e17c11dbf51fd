"""A bot of aiogram, over a session that records what is sent. Importing aiogram takes ten seconds of CPU."""

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.session.base import BaseSession
from aiogram.methods import SendMessage, TelegramMethod
from aiogram.types import Chat, Message, Update, User
from telegram_bot import make_router

from agencia_async import AsyncClient
from agencia_async.journal import Journal

OWNER, STRANGER = 7, 8
Say = Callable[..., Awaitable[list[str]]]


class RecordingSession(BaseSession):
    """What the bot sends, in place of a connection to Telegram."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: deque[str] = deque()

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[Any],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's own interface
    ) -> Any:  # noqa: ANN401 - the same
        assert isinstance(method, SendMessage), (bot, timeout)
        self.sent.append(method.text)
        return message(0, OWNER, method.text)

    async def close(self) -> None:
        """Nothing is open."""

    async def stream_content(self, *_args: Any, **_kwargs: Any) -> AsyncGenerator[bytes]:  # noqa: ANN401
        yield b""  # pragma: no cover - the bot downloads nothing


def message(number: int, sender: int, text: str) -> Message:
    user = User(id=sender, is_bot=False, first_name="Ada")
    chat = Chat(id=sender, type="private")
    return Message(message_id=number, date=datetime.now(UTC), chat=chat, from_user=user, text=text)


@asynccontextmanager
async def bot_of(agencia_client: AsyncClient, tmp_path: Path) -> AsyncGenerator[Say]:
    """Sends a text to the bot; what it answers."""
    session = RecordingSession()
    bot = Bot("42:TEST", session=session)
    dispatcher = Dispatcher()
    dispatcher.include_router(make_router(OWNER))
    numbers = count(1)
    async with Journal(tmp_path / "bot.db") as journal:

        async def said(text: str, *, sender: int = OWNER, number: int | None = None) -> list[str]:
            number = next(numbers) if number is None else number
            update = Update(update_id=number, message=message(number, sender, text))
            await dispatcher.feed_update(bot, update, client=agencia_client, journal=journal)
            answers = [*session.sent]
            session.sent.clear()
            return answers

        yield said
