"""Secrets Manager for the emulator. What is known of AWS, and from where: docs/emulator/secrets-manager.md."""

from __future__ import annotations

from meta_emulator.aws.door import AwsDoor
from meta_emulator.aws.statefile import BrokenStateError

__all__ = ["AwsDoor", "BrokenStateError"]
