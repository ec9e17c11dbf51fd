"""The parts of `catalogue`: what changed between two catalogues.

May import: errors, states, models.
"""
