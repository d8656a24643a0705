"""The resources: what Pulumi's plugin host runs. One file per resource, over `_base` and, for gates, `_gate`."""
