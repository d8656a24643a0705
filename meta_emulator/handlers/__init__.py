"""Handlers, one module per Graph noun, found by the router through their `ROUTES`."""
