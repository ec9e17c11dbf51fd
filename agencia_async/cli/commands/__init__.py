"""The commands of `agencia`, one module for each.

May import: the public names of the package, and the rest of `cli`.
"""
