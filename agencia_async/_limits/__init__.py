"""When a request may be sent: the gate, and rate limits, configured or discovered.

May import: errors, `_checks`, `_concurrency`, `_protocol.headers`.
"""
