"""An asynchronous view, with the client that `asgi.py` opens."""

from django.http import HttpRequest, JsonResponse

from agencia_async import AgenciaError, AsyncClient, NotFoundError


async def status(request: HttpRequest, order_id: int) -> JsonResponse:
    """The status of an order, as the panel has it now."""
    client: AsyncClient = request.scope["state"]["client"]
    try:
        return JsonResponse((await client.status(order_id)).to_dict())
    except NotFoundError as error:
        return JsonResponse({"detail": str(error)}, status=404)
    except AgenciaError:
        return JsonResponse({"detail": "try again later"}, status=503)
