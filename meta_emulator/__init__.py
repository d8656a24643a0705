"""An emulator of Meta's authorization surface and of Secrets Manager, on loopback, with fake tokens only."""
