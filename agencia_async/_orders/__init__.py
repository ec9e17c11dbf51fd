"""What can be ordered: the base of all orders, and the fields that they are made of.

May import: errors, states, models, `_checks`.
"""
