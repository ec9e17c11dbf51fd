"""The execution of one call: its attempts, its retries, and the submission of an order.

May import: all lower layers: `_transport`, `_limits`, `_protocol`, `_concurrency`, `_orders`.
"""
