"""How far an app's access reaches beyond its own business, where Meta's pages differ: strict takes the narrow reading.

Standard access is for people with a role on the app and for what is theirs; the lower tier of the Marketing API reaches
the ad accounts of its own business and of people with a role. The other pages let an app use whatever an owner shared.
Source: https://developers.facebook.com/docs/graph-api/overview/access-levels,
https://developers.facebook.com/documentation/business-messaging/whatsapp/solution-providers/manage-accounts,
https://developers.facebook.com/docs/marketing-api/get-started/authorization and, for the code and text of the refusal,
https://developers.facebook.com/docs/marketing-api/reference/business/owned_pixels, Graph v26.0, read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_emulator.errors import GraphFault

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import Asset, AssetKind

MARKETING: tuple[AssetKind, ...] = ("ad_account", "pixel")  # what the tier decides on


def check_tier(call: GraphCall, kind: AssetKind, asset: Asset) -> None:
    """Refuse others' ad accounts and pixels to an app whose tier reaches its own and its people's only."""
    tier = call.rules.tiers.get(call.tier(call.caller.app) or "")
    limited = tier is None or tier.client_ad_accounts == "role_holders"
    if call.strict and kind in MARKETING and limited and not is_own(call, asset):
        raise GraphFault(
            270,
            "(#270) This Ads API request is not allowed for apps with development access level (Development access is "
            "by default for all apps, please request for upgrade). Make sure that the access token belongs to a user "
            "that is both admin of the app and admin of the ad account",
        )


def permits(call: GraphCall, kind: AssetKind, asset: Asset, *scopes: str) -> bool:
    """Whether the token holds one of some permissions at the level that the asset needs of it.

    Of WhatsApp Business accounts no page says otherwise, so both modes ask for advanced access to others'.
    """
    if not (call.strict or kind == "waba") or is_own(call, asset):
        return call.caller.holds(*scopes)
    live = (scope for scope in scopes if call.caller.app.permissions.get(scope) == "live")
    return call.caller.holds(*live)


def is_own(call: GraphCall, asset: Asset) -> bool:
    """Whether an asset is the app's business's own, or of somebody with a role on the app."""
    app, owner = call.caller.app, asset.business_id
    if owner is None:
        return True
    people = (person for person in call.world.people if owner in person.businesses)
    return owner == app.business_id or any(call.world.role_on_app(person.id, app.id) for person in people)
