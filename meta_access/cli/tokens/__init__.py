"""Commands about tokens and their secrets: adopt, rotate, revoke, find what was left behind."""
