"""The resources: what Pulumi's plugin host runs. One file per resource, over `_base` and, for gates, `_gate`."""

import atexit
import gc

# Program and host live for seconds and keep what they import. Looking for cycles after each 700 new objects, as Python
# does by itself, took them a tenth of their processor time. A long-lived process still gets its memory back.
gc.set_threshold(10_000)
# The last look, when the process ends, took a fifth: it goes through all that was imported.
atexit.register(gc.freeze)
