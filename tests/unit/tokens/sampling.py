"""Whether the walks through states, crashes and races go everywhere, or, as in continuous integration, sample."""

from __future__ import annotations

import os

EVERYWHERE = os.environ.get("META_ACCESS_ALL_STATES") == "1"
