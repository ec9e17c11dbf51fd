"""Values as plain data: what `json.dumps` takes, and the schemas that pydantic asks for.

May import: nothing of the package.
"""
