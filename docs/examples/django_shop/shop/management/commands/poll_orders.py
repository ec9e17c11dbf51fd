"""python manage.py poll_orders: look at all open orders, from cron."""

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError

from agencia_async import AsyncClient
from shop.models import Order


class Command(BaseCommand):
    """Polls the open orders."""

    help = "Poll all open orders."

    def handle(self, **_options: object) -> None:
        """Run it; failed orders make the exit code 1."""
        failed = async_to_sync(poll)()
        if failed:
            raise CommandError(f"{failed} orders failed")


async def poll() -> int:
    """Write the status of each open order; how many failed."""
    open_orders = Order.objects.filter(is_final=False).values_list("order_id", flat=True)
    failed = 0
    async with AsyncClient.from_env() as client:
        async for item in client.status_iter([order_id async for order_id in open_orders]):
            if not item.ok:
                failed += 1
                continue
            status = item.unwrap()
            await Order.objects.filter(order_id=item.id).aupdate(
                state=status.state, charge=status.charge, remains=status.remains, is_final=status.is_final
            )
    return failed
