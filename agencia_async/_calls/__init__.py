"""One call on its way: its attempts, its retries, and the submission of an order.

May import: all that stands below: `_transport`, `_limits`, `_protocol`, `_concurrency`, `_orders`.
"""
