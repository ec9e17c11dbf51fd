"""Bytes out, bytes in: the wire, its connections, and one module for each HTTP engine.

May import: errors, `_protocol.reply`.
"""
