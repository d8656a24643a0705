"""Names of permissions: of another product, beyond a system user's token, or in doubt. Pure; each answer is a sentence.

Only what a page of Meta says is refused. Where nothing public tells, a warning says so and Meta's answer decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meta_access.rules.model import RuleSet


def elsewhere(rules: RuleSet, name: str) -> tuple[str, str] | None:
    """Why a name is no permission of Facebook Login, and what to use instead; None unless another has it."""
    product = rules.product_of(name)
    if product is None or name in rules.permissions:
        return None
    text = f"{name} is a permission of the {product.name}, another product with logins and tokens of its own"
    return f"{text} ({rules.sources[product.source]}).", f"use {product.instead}."


def not_held(rules: RuleSet, name: str, role: str | None = None) -> tuple[str, str] | None:
    """Why a system user's token cannot have a known permission, and the fix; None where nothing proves that.

    Args:
        rules: The edition in use.
        name: A permission that it knows.
        role: Of the system user; None where it is not known.
    """
    row = rules.permissions[name]
    page = rules.sources[row.source]
    if row.system_user is False:
        return f"a system user's token cannot hold {name} ({page}).", "remove it."
    if role is not None and row.system_user_roles and role not in row.system_user_roles:
        wanted = " or ".join(row.system_user_roles)
        text = f"{name} works in tokens of {wanted} system users only, and this one is {role} ({page})."
        return text, f"give it to an identity with role: {wanted}, or remove it."
    return None


def doubt(rules: RuleSet, name: str) -> str:
    """What is not known about a permission in a system user's token; "" where it is known, and for unknown names."""
    row = rules.permissions.get(name)
    if row is None or row.system_user is not None:
        return ""
    if row.spelt:
        return (
            f"Meta's pages have {name} in the spelling {row.spelt}, too, which is the one that tokens show. If Meta "
            f"refuses {name}, write {row.spelt}."
        )
    return f"no public page tells whether a system user's token may hold {name}; what Meta answers decides."
