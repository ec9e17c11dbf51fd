"""The parts of `models` that other layers use as well: ids, further fields, the results of bulk calls.

May import: errors, states.
"""
