"""Rules of good practice: what is sound and allowed, and should still not be so without a reason.

A rule is a plain function over what is declared (`Declared`), with an id, a severity and an enforcement level. The
rules of this package are in `practice.py`; a team's own are functions in files of its own, made with `rule` as well.
"""

from __future__ import annotations

from meta_access.policy.declared import Assignment, Declared, Gate, Login, Quota, Token, User
from meta_access.policy.model import Finding, Level, Rule, Severity, Violation, rule

__all__ = [
    "Assignment",
    "Declared",
    "Finding",
    "Gate",
    "Level",
    "Login",
    "Quota",
    "Rule",
    "Severity",
    "Token",
    "User",
    "Violation",
    "rule",
]
