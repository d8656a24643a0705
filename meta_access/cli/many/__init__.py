"""Commands for many stacks at once: their list for a CI matrix, and runs over all of them."""
