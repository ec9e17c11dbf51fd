"""A panel whose answers the test decides, and a client of it."""

import asyncio
from urllib.parse import parse_qsl

import httpx

from agencia_async import AsyncClient, DefaultOrder

ORDER = DefaultOrder(service=1, link="https://example.com/p/1", quantity=100)


class Panel(httpx.AsyncBaseTransport):
    """Answers as told, in the order of the requests; the last answer again and again."""

    def __init__(self, *answers: httpx.Response | Exception | float) -> None:
        self.answers = list(answers)
        self.times: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.times.append(asyncio.get_running_loop().time())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return good()
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def good() -> httpx.Response:
    return httpx.Response(200, json={"balance": "1.5", "currency": "USD", "order": 5})


BROKEN = httpx.Response(502, text="<html>")


def client(panel: Panel, **options: object) -> AsyncClient:
    return AsyncClient("KEY", base_url="https://panel.example/", transport=panel, **options)  # type: ignore[arg-type]


class Notes(Panel):
    """A panel that keeps the forms."""

    def __init__(self, *answers: httpx.Response | Exception | float) -> None:
        super().__init__(*answers)
        self.forms: list[dict[str, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.forms.append(dict(parse_qsl((await request.aread()).decode())))
        return await super().handle_async_request(request)
