"""Commands about a stack as a whole: its first token, its report, its state."""
