"""Parts of the polling by many machines: the queue, the clients of a worker, and what travels between them.

May import: what `_bulk/` may, `_bulk/`, `_watch/`, the client and its profiles.
"""
