"""The output of the command: rows of data, the summary, and the progress bar.

May import: the public names of the package, `cli.exit`, `cli.text`.
"""
