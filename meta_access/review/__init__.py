"""A preview told in the field's words: what the engine's event log says becomes facts, and facts become lines. Pure."""
