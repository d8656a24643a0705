"""A business that people have built by hand for years: three hundred objects, and names of every kind."""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING

from meta_emulator.builder import WorldBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping

BUSINESS = "178000000000001"
APP = "120480000000001"
PARTNERS = ("Acme GmbH", "Acme GmbH", "🌸🌸", "Birke & Söhne", "null", "2. Liga", "Ульм", "Cedar")
USERS = (
    "reporting",
    "👩‍💻 Reporting",
    "Feeds",
    "feeds",
    "2024 import",
    "Über Büro",
    "🦊",
    "отчёты",
    "null",
    "nobody’s bot",  # noqa: RUF001 - as a phone writes it
)
TASKS = (
    ("ANALYZE",),
    ("ADVERTISE", "ANALYZE"),
    ("MANAGE", "ADVERTISE", "ANALYZE"),
)


MANY = {"ad_account": (150, 40), "page": (25, 12), "catalog": (10, 4), "pixel": (12, 6), "waba": (5, 0), "ig": (6, 2)}
FEW = {"ad_account": (3, 8), "page": (1, 0)}
"""Kind to how many assets are our own, and how many are shared with us."""


def world(assets: Mapping[str, tuple[int, int]] = MANY) -> WorldBuilder:
    """One business with its app, 14 system users, 8 partners, 274 assets unless others are given, 9 people."""
    build = WorldBuilder()
    build.business("Leuchtturm 🗼 & Co", id=BUSINESS, verification_status="verified")
    partners = [build.business(name, id=f"99887000000000{at}") for at, name in enumerate(PARTNERS)]
    build.app("Leuchtturm Ads", BUSINESS, id=APP, tier="standard_access", mode="live")
    theirs = build.app("Acme’s app", partners[0], id="120480000000002")  # noqa: RUF001 - likewise
    build._add("app_clients", {"id": "9000001", "app_id": theirs, "business_id": BUSINESS, "state": "accepted"})
    _people(build)
    root = build.system_user("root", BUSINESS, APP, role="ADMIN", id="122090000000001")
    build.token("admin", root, APP, ["business_management", "ads_management", "ads_read", "catalog_management"])
    users = [build.system_user(name, BUSINESS, APP, id=f"1220900000001{at:02d}") for at, name in enumerate(USERS)]
    build.system_user("unused alder-1a2b", BUSINESS, APP, id="122090000000201")
    build.system_user("books", BUSINESS, APP, role="FINANCE_EDITOR", id="122090000000202")
    build.system_user("x" * 120, BUSINESS, APP, id="122090000000203")
    _assets(build, partners, users, assets)
    return build


def _people(build: WorldBuilder) -> None:
    for name in ("nadia", "ines", "jonas.weber", "Jonas_Weber", "42", "anna"):
        role = "ADMIN" if name == "nadia" else "EMPLOYEE"
        build.person(name, {BUSINESS: role}, email=f"{name}@leuchtturm.example", two_factor=True)
    for name in ("shy", "quiet", "silent"):
        build.person(name, {BUSINESS: "EMPLOYEE"})
    for at in range(4):
        row = {"id": f"70000{at}", "business_id": BUSINESS, "email": f"new{at}@leuchtturm.example"}
        build._add("business_invitations", row)


def _assets(build: WorldBuilder, partners: list[str], users: list[str], assets: Mapping[str, tuple[int, int]]) -> None:
    held = cycle(users[:-1])
    makers = (
        ("ad_account", build.ad_account, TASKS),
        ("page", build.page, TASKS),
        ("catalog", build.catalog, (("ADVERTISE",), ("MANAGE", "ADVERTISE"))),
        ("pixel", build.pixel, (("ANALYZE",),)),
        ("waba", build.whatsapp_business_account, (("MANAGE",),)),
        ("ig", build.instagram_asset, (("ANALYZE",),)),
    )
    for kind, make, choices in makers:
        own, shared = assets.get(kind, (0, 0))
        for at in range(own):
            asset = make(f"Shop {at} {'🛒' * (at % 3)}".strip(), BUSINESS)
            for user in islice(held, at % 3):
                build.assign(user, asset, choices[at % len(choices)])
        for at in range(shared):
            asset = make(f"Client shop {at}", partners[at % len(partners)])
            build.share(asset, BUSINESS, choices[-1])
            for user in islice(held, at % 2):
                build.assign(user, asset, choices[at % len(choices)])
    build.asset_group("Everything", BUSINESS)
    build.asset_group("Nothing", BUSINESS)
