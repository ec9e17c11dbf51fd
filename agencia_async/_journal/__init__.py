"""The parts of the journal; `agencia_async.journal` is its public face.

May import: all layers up to the client.
"""

from importlib.util import find_spec

if find_spec("sqlalchemy") is None:
    raise ImportError('the journal needs SQLAlchemy: in a clone, pip install ".[journal]" brings it')
