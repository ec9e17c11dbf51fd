"""Tasks: worker pools, request coalescing, single-flight, group commit. Independent of ids, panels, HTTP.

May import: errors.
"""
