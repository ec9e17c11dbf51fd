"""What `agencia doctor` examines: key, address, TLS, account, catalogue, clock and journal.

Each check becomes a result with what to do about it. Nothing acts: the panel gets `balance` and `services`.
"""
