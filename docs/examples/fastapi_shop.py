"""A shop with FastAPI: uvicorn fastapi_shop:app."""

import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated, TypedDict

from fastapi import Body, FastAPI, Request
from fastapi.responses import JSONResponse

from agencia_async import (
    AgenciaError,
    AsyncClient,
    DefaultOrder,
    InvalidInputError,
    InvalidOrderError,
    NotFoundError,
    OrderStatus,
)
from agencia_async.journal import Journal, JournalEntry

MAX_CHARGE = Decimal(50)

log = logging.getLogger("shop")


class State(TypedDict):
    """What all requests share."""

    client: AsyncClient
    journal: Journal


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncGenerator[State]:
    """One client and one journal for the application, closed when it stops."""
    async with AsyncClient.from_env() as client, Journal(os.environ["SHOP_JOURNAL"]) as journal:
        yield {"client": client, "journal": journal}


app = FastAPI(lifespan=lifespan)


@app.put("/orders/{reference}")
async def buy(reference: str, order: Annotated[DefaultOrder, Body()], request: Request) -> JournalEntry:
    """Place an order, at most once under its reference: the same request again gets the same answer."""
    journal: Journal = request.state.journal
    return await journal.place(request.state.client, reference, order, max_charge=MAX_CHARGE)


@app.get("/status/{order_id}")
async def status(order_id: str, request: Request) -> OrderStatus:
    """The status of an order; requests of the same moment share one batch."""
    client: AsyncClient = request.state.client
    return await client.status(order_id)


@app.exception_handler(InvalidInputError)
@app.exception_handler(InvalidOrderError)
async def invalid(_request: Request, error: Exception) -> JSONResponse:
    """What the customer gave cannot be ordered: the body is that of FastAPI's own 422."""
    field = getattr(error, "field", None)
    location = ["body"] if field is None else ["body", field]
    return JSONResponse({"detail": [{"type": "invalid_order", "loc": location, "msg": str(error)}]}, 422)


@app.exception_handler(NotFoundError)
async def not_found(_request: Request, error: Exception) -> JSONResponse:
    """The panel does not know the order."""
    return JSONResponse({"detail": str(error)}, 404)


@app.exception_handler(AgenciaError)
async def unavailable(_request: Request, error: Exception) -> JSONResponse:
    """All else is the shop's own trouble: no funds, no panel, an outcome that is not known yet."""
    log.error("%s: %s", type(error).__name__, error)
    return JSONResponse({"detail": "try again later"}, 503)
