"""What the journal is made of; `agencia_async.journal` is its public face."""

from importlib.util import find_spec

if find_spec("sqlalchemy") is None:
    raise ImportError('the journal needs SQLAlchemy: pip install "agencia-async[journal]"')
