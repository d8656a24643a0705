"""What only the whole configuration can tell. Each check is pure: a draft goes in, problems come out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.stack.checks.apps import check_apps, check_login, check_second_factors, check_settings, check_webhooks
from meta_access.stack.checks.assets import check_assets
from meta_access.stack.checks.connections import check_connections
from meta_access.stack.checks.identities import check_identities, check_quota, check_scopes, check_secrets
from meta_access.stack.checks.ignores import check_ignores
from meta_access.stack.checks.names import check_names
from meta_access.stack.checks.people import check_evidence, check_people
from meta_access.stack.checks.production import check_production_ids
from meta_access.stack.checks.time_limits import check_time_limits

if TYPE_CHECKING:
    from meta_access.errors import Problem
    from meta_access.stack.draft import Draft

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
    check_ignores,
    check_time_limits,
    check_evidence,
    check_production_ids,
)


def every_problem(draft: Draft) -> list[Problem]:
    """The problems of all checks, in the order of the file's sections."""
    return [problem for check in _CHECKS for problem in check(draft)]
