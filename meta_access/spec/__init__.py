"""A stack's configuration: its models, reading it with every problem at once, and what it asks for."""

from __future__ import annotations

from meta_access.spec.load import Stack, load_stack
from meta_access.spec.stack import StackSpec

__all__ = ["Stack", "StackSpec", "load_stack"]
