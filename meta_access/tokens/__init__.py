"""Tokens in Secrets Manager: the protocol that makes, keeps, replaces and ends them, and what it needs of Meta."""
