"""Components: what people compose a stack of."""
