"""The `__provider` text of every resource type: a pickled reference to a class, and so a stored contract.

Each stands in the state of every stack. Renaming a provider's module or class would break refresh and delete of what
exists; and since the text is code to a program that loads it, `meta-access state verify` accepts no other than these.
Written in pickle protocol 4, the default of Python 3.11 to 3.13; `spellings` adds that of later ones.
"""

from __future__ import annotations

from meta_access.engine_marks import TYPE_PREFIX

_REFERENCES = {
    "AppInstallation": (
        "gASVSQAAAAAAAACMJm1ldGFfYWNjZXNzLnByb3ZpZGVycy5hcHBfaW5zdGFsbGF0aW9ulIwXQXBwSW5zdGFsbGF0"
        "aW9uUHJvdmlkZXKUk5QpgZQu"
    ),
    "AppRoles": ("gASVOwAAAAAAAACMH21ldGFfYWNjZXNzLnByb3ZpZGVycy5hcHBfcm9sZXOUjBBBcHBSb2xlc1Byb3ZpZGVylJOUKYGULg=="),
    "AppSettings": (
        "gASVQQAAAAAAAACMIm1ldGFfYWNjZXNzLnByb3ZpZGVycy5hcHBfc2V0dGluZ3OUjBNBcHBTZXR0aW5nc1Byb3ZpZGVylJOUKYGULg=="
    ),
    "AssetAssignment": (
        "gASVSQAAAAAAAACMJm1ldGFfYWNjZXNzLnByb3ZpZGVycy5hc3NldF9hc3NpZ25tZW50lIwXQXNzZXRBc3NpZ25t"
        "ZW50UHJvdmlkZXKUk5QpgZQu"
    ),
    "AssetShare": (
        "gASVPwAAAAAAAACMIW1ldGFfYWNjZXNzLnByb3ZpZGVycy5hc3NldF9zaGFyZZSMEkFzc2V0U2hhcmVQcm92aWRlcpSTlCmBlC4="
    ),
    "BusinessUser": (
        "gASVQwAAAAAAAACMI21ldGFfYWNjZXNzLnByb3ZpZGVycy5idXNpbmVzc191c2VylIwUQnVzaW5lc3NVc2VyUHJvdmlkZXKUk5QpgZQu"
    ),
    "BusinessVerification": (
        "gASVUwAAAAAAAACMK21ldGFfYWNjZXNzLnByb3ZpZGVycy5idXNpbmVzc192ZXJpZmljYXRpb26UjBxCdXNpbmVz"
        "c1ZlcmlmaWNhdGlvblByb3ZpZGVylJOUKYGULg=="
    ),
    "ExclusiveAccess": (
        "gASVSQAAAAAAAACMJm1ldGFfYWNjZXNzLnByb3ZpZGVycy5leGNsdXNpdmVfYWNjZXNzlIwXRXhjbHVzaXZlQWNj"
        "ZXNzUHJvdmlkZXKUk5QpgZQu"
    ),
    "FeatureRequest": (
        "gASVRwAAAAAAAACMJW1ldGFfYWNjZXNzLnByb3ZpZGVycy5mZWF0dXJlX3JlcXVlc3SUjBZGZWF0dXJlUmVxdWVz"
        "dFByb3ZpZGVylJOUKYGULg=="
    ),
    "LeadAccess": (
        "gASVPwAAAAAAAACMIW1ldGFfYWNjZXNzLnByb3ZpZGVycy5sZWFkX2FjY2Vzc5SMEkxlYWRBY2Nlc3NQcm92aWRlcpSTlCmBlC4="
    ),
    "LoginConfiguration": (
        "gASVTwAAAAAAAACMKW1ldGFfYWNjZXNzLnByb3ZpZGVycy5sb2dpbl9jb25maWd1cmF0aW9ulIwaTG9naW5Db25m"
        "aWd1cmF0aW9uUHJvdmlkZXKUk5QpgZQu"
    ),
    "Obligation": (
        "gASVPgAAAAAAAACMIG1ldGFfYWNjZXNzLnByb3ZpZGVycy5vYmxpZ2F0aW9ulIwST2JsaWdhdGlvblByb3ZpZGVylJOUKYGULg=="
    ),
    "PermissionRequest": (
        "gASVTQAAAAAAAACMKG1ldGFfYWNjZXNzLnByb3ZpZGVycy5wZXJtaXNzaW9uX3JlcXVlc3SUjBlQZXJtaXNzaW9u"
        "UmVxdWVzdFByb3ZpZGVylJOUKYGULg=="
    ),
    "RedirectUris": (
        "gASVQwAAAAAAAACMI21ldGFfYWNjZXNzLnByb3ZpZGVycy5yZWRpcmVjdF91cmlzlIwUUmVkaXJlY3RVcmlzUHJvdmlkZXKUk5QpgZQu"
    ),
    "SystemUser": (
        "gASVPwAAAAAAAACMIW1ldGFfYWNjZXNzLnByb3ZpZGVycy5zeXN0ZW1fdXNlcpSMElN5c3RlbVVzZXJQcm92aWRlcpSTlCmBlC4="
    ),
    "SystemUserAppAccess": (
        "gASVUwAAAAAAAACMLG1ldGFfYWNjZXNzLnByb3ZpZGVycy5zeXN0ZW1fdXNlcl9hcHBfYWNjZXNzlIwbU3lzdGVt"
        "VXNlckFwcEFjY2Vzc1Byb3ZpZGVylJOUKYGULg=="
    ),
    "SystemUserToken": (
        "gASVSgAAAAAAAACMJ21ldGFfYWNjZXNzLnByb3ZpZGVycy5zeXN0ZW1fdXNlcl90b2tlbpSMF1N5c3RlbVVzZXJU"
        "b2tlblByb3ZpZGVylJOUKYGULg=="
    ),
    "WebhookSubscription": (
        "gASVUQAAAAAAAACMKm1ldGFfYWNjZXNzLnByb3ZpZGVycy53ZWJob29rX3N1YnNjcmlwdGlvbpSMG1dlYmhvb2tT"
        "dWJzY3JpcHRpb25Qcm92aWRlcpSTlCmBlC4="
    ),
}

PAYLOADS = {TYPE_PREFIX + name: payload for name, payload in _REFERENCES.items()}
"""Type token to payload."""

_PROTOCOL_4, _PROTOCOL_5 = (
    "gASV",
    "gAWV",
)  # the head of a pickle in base64; for these payloads the protocols differ in it alone


def spellings(payload: str) -> tuple[str, ...]:
    """A payload as any supported Python writes it: Python 3.14 made protocol 5 the default."""
    if not payload.startswith(_PROTOCOL_4):
        return (payload,)
    return payload, _PROTOCOL_5 + payload.removeprefix(_PROTOCOL_4)
