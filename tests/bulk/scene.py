"""A panel that answers whatever is asked of it."""

import httpx

from tests.calls.scene import Notes


class Answering(Notes):
    """Answers whatever is asked of it."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await super().handle_async_request(request)
        row = {"status": "Pending", "cancel": 1}
        ids = self.forms[-1].get("orders", "").split(",")
        return httpx.Response(200, json={"balance": "1.5"} | dict.fromkeys(ids, row))
