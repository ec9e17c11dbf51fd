"""Watching ids to their end: when to ask again, what an answer means, and who is told.

May import: `errors`, `states`, `models`, `_checks`, `_concurrency`, `_protocol.plain_records`; what polls is
handed in by the client.
"""
