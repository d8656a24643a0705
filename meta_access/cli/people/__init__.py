"""Commands about persons: what each of them holds, and taking it away."""
