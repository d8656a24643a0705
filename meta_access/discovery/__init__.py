"""A business as it is, written into a stack: what to add (`plan`), and to which files (`files`)."""
