"""What only the whole configuration can tell. Each check is pure: a draft goes in, problems come out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.spec.checks.apps import check_apps, check_second_factors
from meta_access.spec.checks.assets import check_assets
from meta_access.spec.checks.connections import check_connections
from meta_access.spec.checks.evidence import check_evidence
from meta_access.spec.checks.identities import check_identities
from meta_access.spec.checks.login import check_login
from meta_access.spec.checks.names import check_names
from meta_access.spec.checks.people import check_people
from meta_access.spec.checks.production import check_production_ids
from meta_access.spec.checks.quota import check_quota
from meta_access.spec.checks.scopes import check_scopes
from meta_access.spec.checks.secrets import check_secrets
from meta_access.spec.checks.settings import check_settings
from meta_access.spec.checks.webhooks import check_webhooks

if TYPE_CHECKING:
    from meta_access.errors import Problem
    from meta_access.spec.draft import Draft

_CHECKS = (
    check_names,
    check_connections,
    check_people,
    check_apps,
    check_second_factors,
    check_login,
    check_settings,
    check_webhooks,
    check_identities,
    check_scopes,
    check_secrets,
    check_quota,
    check_assets,
    check_evidence,
    check_production_ids,
)


def every_problem(draft: Draft) -> list[Problem]:
    """The problems of all checks, in the order of the file's sections."""
    return [problem for check in _CHECKS for problem in check(draft)]
