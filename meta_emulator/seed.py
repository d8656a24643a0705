"""The starting world: a small agency, its app at the limited tier, one client, and nothing provisioned yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_emulator.tokens import fingerprint
from meta_emulator.world import (
    App,
    AppAccess,
    AppRole,
    Asset,
    Business,
    Installation,
    Person,
    Share,
    SystemUser,
    Token,
    World,
)

if TYPE_CHECKING:
    from datetime import datetime

BUSINESS_ID = "178000000000101"
CLIENT_ID = "998870000000701"
APP_ID = "120480000000201"
ADMIN_ID = "122090000000301"
NADIA_ID = "100000000000401"
INES_ID = "100000000000402"
ADMIN_SCOPES = ["business_management", "ads_management", "ads_read", "pages_show_list", "pages_read_engagement"]


def starting_world(admin_token: str, now: datetime) -> World:
    """The world after `reset`; the admin system user holds the token given."""
    return World(
        businesses=[
            Business(BUSINESS_ID, "Lindenhof Media", created_time=now),
            Business(CLIENT_ID, "Acme GmbH", created_time=now),
        ],
        apps=[App(APP_ID, "Lindenhof Ads", business_id=BUSINESS_ID)],
        people=[
            Person(NADIA_ID, "nadia", "nadia@lindenhof.example", {BUSINESS_ID: "ADMIN"}),
            Person(INES_ID, "ines", "ines@lindenhof.example", {BUSINESS_ID: "EMPLOYEE"}),
        ],
        # The invitation waits for ines, so that accepting it is the first step a newcomer can take.
        app_roles=[
            AppRole(APP_ID, NADIA_ID, "administrators"),
            AppRole(APP_ID, INES_ID, "developers", state="pending"),
        ],
        system_users=[
            SystemUser(ADMIN_ID, "root", "ADMIN", BUSINESS_ID, NADIA_ID, now, APP_ID, "61550000000301"),
        ],
        tokens=[Token(fingerprint(admin_token), ADMIN_ID, APP_ID, list(ADMIN_SCOPES), issued_at=now)],
        ad_accounts=[
            Asset("act_104320000000501", "Lindenhof Shop", BUSINESS_ID),
            Asset("act_104320000000502", "Lindenhof Brand", BUSINESS_ID),
            Asset("act_205550000000601", "Acme Main", CLIENT_ID, [Share(BUSINESS_ID, ["ADVERTISE", "ANALYZE"])]),
        ],
        pages=[Asset("102930000000801", "Lindenhof", BUSINESS_ID)],
        installations=[Installation(ADMIN_ID, APP_ID)],
        app_access=[AppAccess(ADMIN_ID, APP_ID)],
    )
