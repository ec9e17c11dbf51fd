"""A local mock panel: implements the SMM panel API v2, keeps a ledger, and injects faults on demand."""

from agencia_async.sandbox.dialects import DIALECTS
from agencia_async.sandbox.faults import Faults
from agencia_async.sandbox.ledger import LedgerEntry, StatementEntry
from agencia_async.sandbox.panel import Panel
from agencia_async.sandbox.server import serve
from agencia_async.sandbox.thread import serve_in_thread

__all__ = ["DIALECTS", "Faults", "LedgerEntry", "Panel", "StatementEntry", "serve", "serve_in_thread"]
