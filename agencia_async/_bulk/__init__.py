"""Many ids: chunks, batches that are split, and one item for each id.

May import: what `_calls` may, and `_calls`.
"""
