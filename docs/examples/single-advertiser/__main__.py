"""One company that advertises for itself: a token that reads its own reports, and the people's work beside it."""

import pulumi

import meta_access as meta

AD_ACCOUNT = "act_104320000001001"
APP = "main"  # the connection: one business with one app

people = meta.AppRoles(
    "app-roles",
    connection=APP,
    roles={"mara": "admin"},
    people={"mara": {"user_id": "100000000001001"}},
)
verified = meta.BusinessVerification("verification", connection=APP)
# Standard access is enough for one's own ad account: nothing waits for App Review.
reads = meta.PermissionRequest("ads-read", connection=APP, permission="ads_read", level="standard")

user = meta.SystemUser("reporting", connection=APP, name="reporting")
installed = meta.AppInstallation("reporting", connection=APP, system_user_id=user.id)
account = meta.AssetAssignment("shop", connection=APP, system_user_id=user.id, asset=AD_ACCOUNT, tasks=["ANALYZE"])
token = meta.SystemUserToken(
    "reporting",
    connection=APP,
    system_user_id=user.id,
    scopes=["ads_read"],
    secret_name="meta/dev/nordwind-reporting",  # noqa: S106 - a name
    requires={"verification": verified.status},
    opts=pulumi.ResourceOptions(depends_on=[installed, account]),
)

pulumi.export("secret", token.arn)
pulumi.export("gates", {"app-roles": people.status, "verification": verified.status, "ads-read": reads.status})
