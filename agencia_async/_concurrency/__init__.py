"""Tasks: worker pools, coalescing, single-flight. Knows nothing of ids, panels or HTTP.

May import: errors.
"""
