"""When a request may leave: the gate, and the limits that are configured or discovered.

May import: errors, `_checks`, `_concurrency`, `_protocol.headers`.
"""
