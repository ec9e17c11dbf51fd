"""The settings of a client: what its constructor takes, how it is checked and what is built of it.

May import: all that stands below the client.
"""
