"""Components: what people compose a stack of."""

import meta_access.providers  # noqa: F401 - before all else is imported: it says how often Python looks for cycles
