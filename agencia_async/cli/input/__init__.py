"""What the command reads: ids, files of ids and of orders, and answers on the terminal.

May import: the public names of the package, `cli.exit`, `cli.text`.
"""
