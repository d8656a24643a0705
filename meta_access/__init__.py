"""Meta Marketing API access, as code: the resources that a Pulumi program declares.

    from meta_access import SystemUser

Names are loaded when they are first used: the command line and the emulator import this package without Pulumi.
"""

from __future__ import annotations

import importlib
import re
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meta_access.providers.app_installation import AppInstallation
    from meta_access.providers.app_roles import AppRoles
    from meta_access.providers.app_settings import AppSettings
    from meta_access.providers.asset_assignment import AssetAssignment
    from meta_access.providers.asset_share import AssetShare
    from meta_access.providers.business_user import BusinessUser
    from meta_access.providers.business_verification import BusinessVerification
    from meta_access.providers.exclusive_access import ExclusiveAccess
    from meta_access.providers.feature_request import FeatureRequest
    from meta_access.providers.lead_access import LeadAccess
    from meta_access.providers.login_configuration import LoginConfiguration
    from meta_access.providers.obligation import Obligation
    from meta_access.providers.permission_request import PermissionRequest
    from meta_access.providers.redirect_uris import RedirectUris
    from meta_access.providers.system_user import SystemUser
    from meta_access.providers.system_user_app_access import SystemUserAppAccess
    from meta_access.providers.system_user_token import SystemUserToken
    from meta_access.providers.webhook_subscription import WebhookSubscription

__all__ = [
    "AppInstallation",
    "AppRoles",
    "AppSettings",
    "AssetAssignment",
    "AssetShare",
    "BusinessUser",
    "BusinessVerification",
    "ExclusiveAccess",
    "FeatureRequest",
    "LeadAccess",
    "LoginConfiguration",
    "Obligation",
    "PermissionRequest",
    "RedirectUris",
    "SystemUser",
    "SystemUserAppAccess",
    "SystemUserToken",
    "WebhookSubscription",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        try:
            return metadata.version("meta-access")
        except metadata.PackageNotFoundError:
            # A clone runs without being installed: the project's root is on the plugin host's path.
            return "0+unknown"
    if name in __all__:
        home = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        return getattr(importlib.import_module(f"meta_access.providers.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
