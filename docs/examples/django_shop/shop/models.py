"""The orders that the shop has placed."""

from typing import ClassVar

from django.db import models


class Order(models.Model):
    """An order, as the panel last had it."""

    order_id = models.BigIntegerField(unique=True)
    state = models.CharField(max_length=20, default="Pending")
    charge = models.DecimalField(max_digits=24, decimal_places=10, null=True)
    remains = models.IntegerField(null=True)
    is_final = models.BooleanField(default=False, db_index=True)

    objects: ClassVar[models.Manager] = models.Manager()

    def __str__(self) -> str:
        return f"{self.order_id}: {self.state}"
