"""Hooks for observability tools, one module for each tool.

May import: hooks. No other module of the package imports them.
"""
