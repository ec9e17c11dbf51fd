"""Mark the cells of a table that are a number, which stays on one line however narrow the window is."""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

_NUMBER = re.compile(r"[-+]?[\d.,]+( ?(%|s|ms|MB|MiB|x))?")


class _MarkNumbers(SphinxTransform):
    """Give these cells the class `number`."""

    default_priority = 500

    def apply(self, **_: object) -> None:
        """Mark the cells of a page."""
        for cell in self.document.findall(nodes.entry):
            if _NUMBER.fullmatch(cell.astext()):
                cell["classes"].append("number")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect it."""
    app.add_transform(_MarkNumbers)
    return {"parallel_read_safe": True}
