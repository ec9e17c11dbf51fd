"""Orders: their base class, and the fields from which the classes of `orders` are built.

May import: errors, states, models, `_checks`.
"""
