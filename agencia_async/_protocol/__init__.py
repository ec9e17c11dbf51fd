"""The protocol, without I/O: a call becomes a form, the bytes of a reply become values or errors.

May import: errors, states, models, `_orders`.
"""
