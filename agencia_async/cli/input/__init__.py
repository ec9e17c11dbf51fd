"""The input of the command: ids, files of ids and of orders, and confirmations.

May import: the public names of the package, `cli.exit`, `cli.text`.
"""
