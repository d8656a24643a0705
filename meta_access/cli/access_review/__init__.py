"""`meta-access access-review`: people decide who keeps access, and auditors get a pack of who had it."""
