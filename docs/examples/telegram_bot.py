"""A Telegram bot for the owner of an account, with aiogram: python telegram_bot.py."""

import asyncio
import os
from decimal import Decimal

from aiogram import Bot, Dispatcher, F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import ErrorEvent, Message

from agencia_async import (
    AgenciaError,
    AsyncClient,
    DefaultOrder,
    InvalidInputError,
    OutcomeUnknownError,
    PanelError,
)
from agencia_async.journal import Journal

MAX_CHARGE = Decimal(50)
FIELDS = ["service", "quantity", "link"]


def make_router(owner: int) -> Router:
    """The commands of the bot, which answers nobody but its owner."""
    router = Router()
    router.message.filter(F.from_user.id == owner)
    router.message.register(balance, Command("balance"))
    router.message.register(status, Command("status"))
    router.message.register(buy, Command("buy"))
    router.error.register(failed)
    return router


async def balance(message: Message, client: AsyncClient) -> None:
    """/balance."""
    funds = await client.balance()
    await message.answer(f"{funds.balance:f} {funds.currency}")


async def status(message: Message, command: CommandObject, client: AsyncClient) -> None:
    """/status 23501 23502."""
    result = await client.status_many((command.args or "").split())
    lines = [f"{item.id}: {item.unwrap().state if item.ok else item.error}" for item in result]
    await message.answer("\n".join(lines) or "/status 23501 23502")


async def buy(message: Message, command: CommandObject, client: AsyncClient, journal: Journal) -> None:
    """/buy 1 1000 https://example.com/p/1."""
    words = (command.args or "").split()
    order = DefaultOrder.from_dict(dict(zip(FIELDS, words, strict=False)))
    reference = f"telegram-{message.chat.id}-{message.message_id}"  # Telegram may deliver a message again
    entry = await journal.place(client, reference, order, max_charge=MAX_CHARGE)
    await message.answer(f"Order {entry.order_id}")


async def failed(event: ErrorEvent) -> bool:
    """Tell what went wrong; what is no error of the panel is left to aiogram's log."""
    message = event.update.message
    if message is None or not isinstance(event.exception, AgenciaError):
        return False
    match event.exception:
        case OutcomeUnknownError():
            text = "It may have been bought. Look at the panel before you order it again."
        case InvalidInputError() | PanelError() as error:
            text = str(error)
        case _:
            text = "The panel cannot be asked right now."
    await message.answer(text)
    return True


async def main() -> None:
    """Poll Telegram until Ctrl-C or SIGTERM."""
    dispatcher = Dispatcher()
    dispatcher.include_router(make_router(int(os.environ["TELEGRAM_OWNER"])))
    async with AsyncClient.from_env() as client, Journal("bot.db") as journal:
        bot = Bot(os.environ["TELEGRAM_TOKEN"])
        await dispatcher.start_polling(bot, client=client, journal=journal)


if __name__ == "__main__":
    asyncio.run(main())
