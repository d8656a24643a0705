"""Reviews of who has access: the record that people decide in, its judgement, and what follows from it. Pure."""
