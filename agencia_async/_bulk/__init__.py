"""Bulk requests: chunking, splitting of failed batches, and one item for each id.

May import: what `_calls` may, and `_calls`.
"""
