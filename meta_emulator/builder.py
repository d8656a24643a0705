"""A world put together in Python: each method adds a row and returns its id, which the next ones take.

    build = WorldBuilder()
    shop = build.business("Shop")
    app = build.app("Shop Ads", shop)
    root = build.system_user("root", shop, app, role="ADMIN")
    build.token("admin", root, app, ["business_management", "ads_management"])
    account = build.ad_account("Shop", shop)

Further keys of a row, such as `tier` of an app, go along by keyword; they are checked when the world is loaded.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

# First digits of the ids of each kind; only as many digits as Meta's, they mean nothing.
_DIGITS = {
    "businesses": "17800000",
    "apps": "12048000",
    "people": "10000000",
    "system_users": "12209000",
    "ad_accounts": "act_10432000",
    "pages": "10293000",
    "product_catalogs": "10390000",
    "pixels": "12345000",
    "whatsapp_business_accounts": "10200000",
    "instagram_assets": "17840000",
    "asset_groups": "18900000",
}


class WorldBuilder:
    """Rows in the keys of a world file."""

    def __init__(self) -> None:
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._count = 0

    def data(self) -> dict[str, Any]:
        """The world so far, as a world file has it: dumped as YAML it is one."""
        return copy.deepcopy(self._rows)

    def business(self, name: str, **more: Any) -> str:
        return self._with_id("businesses", {"name": name, **more})

    def app(self, name: str, business: str | None = None, **more: Any) -> str:
        return self._with_id("apps", {"name": name, "business_id": business, **more})

    def person(self, name: str, businesses: dict[str, str] | None = None, **more: Any) -> str:
        """A person; `businesses` maps the ids of businesses to ADMIN or EMPLOYEE."""
        return self._with_id("people", {"name": name, "businesses": businesses or {}, **more})

    def role(self, person: str, app: str, role: str, state: str = "accepted") -> None:
        """A role on an app, in Graph's words: administrators, developers, testers, insights users."""
        self._add("app_roles", {"app_id": app, "user_id": person, "role": role, "state": state})

    def system_user(self, name: str, business: str, app: str, role: str = "EMPLOYEE", **more: Any) -> str:
        """A system user that has the app: installed, and with full control."""
        row = {"name": name, "business_id": business, "app_id": app, "role": role, **more}
        user = self._with_id("system_users", row)
        self._add("installations", {"system_user_id": user, "app_id": app})
        self._add("app_access", {"system_user_id": user, "app_id": app})
        return user

    def token(self, name: str, system_user: str | None, app: str, scopes: Sequence[str], **more: Any) -> None:
        """A token of a system user, or with None and `user_id` a person's. Its value is `MetaEmulator.token(name)`."""
        row = {"name": name, "system_user_id": system_user, "app_id": app, "scopes": list(scopes), **more}
        self._add("tokens", row)

    def ad_account(self, name: str, business: str | None, **more: Any) -> str:
        return self._with_id("ad_accounts", {"name": name, "business_id": business, **more})

    def page(self, name: str, business: str | None, **more: Any) -> str:
        return self._with_id("pages", {"name": name, "business_id": business, **more})

    def catalog(self, name: str, business: str | None, **more: Any) -> str:
        return self._with_id("product_catalogs", {"name": name, "business_id": business, **more})

    def pixel(self, name: str, business: str | None, **more: Any) -> str:
        return self._with_id("pixels", {"name": name, "business_id": business, **more})

    def whatsapp_business_account(self, name: str, business: str | None, **more: Any) -> str:
        return self._with_id("whatsapp_business_accounts", {"name": name, "business_id": business, **more})

    def instagram_asset(self, name: str, business: str | None, **more: Any) -> str:
        return self._with_id("instagram_assets", {"name": name, "business_id": business, **more})

    def asset_group(self, name: str, business: str, assets: Sequence[str] = (), apps: Sequence[str] = ()) -> str:
        row = {"name": name, "business_id": business, "asset_ids": list(assets), "app_ids": list(apps)}
        return self._with_id("asset_groups", row)

    def share(self, asset: str, business: str, tasks: Sequence[str]) -> None:
        """Let another business use an asset; KeyError for one that is not there."""
        found = {row["id"]: row for rows in self._rows.values() for row in rows if "id" in row}[asset]
        found.setdefault("shares", []).append({"business_id": business, "permitted_tasks": list(tasks)})

    def assign(self, user: str, asset: str, tasks: Sequence[str]) -> None:
        self._add("assignments", {"asset_id": asset, "user_id": user, "tasks": list(tasks)})

    def _with_id(self, kind: str, row: dict[str, Any]) -> str:
        self._count += 1
        made = str(row.pop("id", f"{_DIGITS[kind]}{self._count:07d}"))
        self._add(kind, {"id": made, **row})
        return made

    def _add(self, kind: str, row: dict[str, Any]) -> None:
        self._rows.setdefault(kind, []).append(row)
