"""What the commands' exit codes mean."""

from __future__ import annotations

DONE, FAILED, WORK_LEFT, EXPIRING = 0, 1, 2, 3
