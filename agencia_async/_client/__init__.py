"""The settings of a client: what its constructor takes, how that is checked, and what is built from it.

May import: all layers below the client.
"""
