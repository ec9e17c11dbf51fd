"""`python -m agencia_async`: the command `agencia`."""

from agencia_async.cli import main

if __name__ == "__main__":
    main()
