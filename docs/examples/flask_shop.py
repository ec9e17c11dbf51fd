"""A shop with Flask, and one client in a background event loop: gunicorn "flask_shop:create_app()"."""

import os
from contextlib import ExitStack
from decimal import Decimal
from functools import partial
from typing import Any

from anyio.from_thread import start_blocking_portal
from flask import Flask, request

from agencia_async import AgenciaError, AsyncClient, DefaultOrder, InvalidInputError
from agencia_async.journal import Journal

MAX_CHARGE = Decimal(50)


def create_app() -> Flask:
    """The application; make it in the process that serves, and close it before that ends."""
    app = Flask(__name__)
    app.extensions["panel"] = stack = ExitStack()
    portal = stack.enter_context(start_blocking_portal())  # an event loop in a thread of its own
    client = stack.enter_context(portal.wrap_async_context_manager(AsyncClient.from_env()))
    journal = stack.enter_context(portal.wrap_async_context_manager(Journal(os.environ["SHOP_JOURNAL"])))

    @app.get("/status/<order_id>")
    def status(order_id: str) -> dict[str, Any]:
        return portal.call(client.status, order_id).to_dict()

    @app.put("/orders/<reference>")
    def buy(reference: str) -> dict[str, Any]:
        order = DefaultOrder.from_dict(request.get_json())
        place = partial(journal.place, max_charge=MAX_CHARGE)
        return portal.call(place, client, reference, order).to_dict()

    @app.errorhandler(AgenciaError)
    def failed(error: AgenciaError) -> tuple[dict[str, Any], int]:
        app.logger.error("%s: %s", type(error).__name__, error)
        if isinstance(error, InvalidInputError):
            return {"detail": str(error)}, 422
        return {"detail": "try again later"}, 503

    return app
