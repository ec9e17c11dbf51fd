"""A panel on your own machine: speaks the SMM panel API v2, keeps a ledger, goes wrong when told to."""

from agencia_async.sandbox.dialects import DIALECTS
from agencia_async.sandbox.faults import Faults
from agencia_async.sandbox.ledger import LedgerEntry
from agencia_async.sandbox.panel import Panel
from agencia_async.sandbox.server import serve

__all__ = ["DIALECTS", "Faults", "LedgerEntry", "Panel", "serve"]
