"""Hooks for tools of observability, a module for each tool.

May import: hooks. Nothing of the package imports them.
"""
