"""A connection to the emulated Meta, for tests that make it by hand; `dataclasses.replace` changes it."""

from __future__ import annotations

from meta_access.stack.connections import AwsSettings, Connection

LOOPBACK = AwsSettings(region="eu-central-1", endpoint_url="http://127.0.0.1:8766")
MAIN = Connection(
    name="main",
    environment="dev",
    rules="2026-05",
    graph_url="http://127.0.0.1:8765",
    api_version="v26.0",
    business_id="178000000000101",
    business_name="lindenhof",
    app_id="120480000000201",
    app_name="ads",
    app_claimed=True,
    app_secret="emulator:",
    admin_token="emulator:",
    tier_probe="act_104320000000501",
    tier="limited",
    aws=LOOPBACK,
)
