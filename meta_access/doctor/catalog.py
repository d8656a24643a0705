"""Every finding of `meta-access doctor`: its id, how grave it is, what it means and what to do. Ids never change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Severity(StrEnum):
    """How grave a finding is."""

    ERROR = "error"
    WARNING = "warning"
    UNKNOWN = "unknown"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a finding means, whatever it was found on.

    Attributes:
        means: One sentence or two.
        next_step: What a person does; empty where there is nothing to do.
    """

    severity: Severity
    means: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes:
        id: A key of `CATALOG`.
        subject: What it was found on: a key of the stack file, a connection, a token, a variable.
        cause: What was seen.
        next_step: What a person does about this one.
    """

    id: str
    subject: str
    cause: str
    next_step: str

    @property
    def severity(self) -> Severity:
        return CATALOG[self.id].severity


def found(id_: str, subject: str, cause: str = "", next_step: str = "") -> Finding:
    """A finding; what is not said of this one, the catalog says of all."""
    meaning = CATALOG[id_]
    # The engine quotes the address of its backend, in which a password may stand.
    return Finding(id_, subject, _USER.sub(r"\1", cause) or meaning.means, next_step or meaning.next_step)


_USER = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/\s@]*@", re.IGNORECASE)


def _error(means: str, next_step: str) -> Meaning:
    return Meaning(Severity.ERROR, means, next_step)


def _warning(means: str, next_step: str) -> Meaning:
    return Meaning(Severity.WARNING, means, next_step)


def _unknown(means: str, next_step: str = "") -> Meaning:
    return Meaning(Severity.UNKNOWN, means, next_step)


def _ok(means: str) -> Meaning:
    return Meaning(Severity.OK, means)


_NEW_TOKEN = "Put a valid admin system user's token where admin_token points; `meta-access bootstrap` makes one."  # noqa: S105 - a sentence
_IAM = "Compare the role's policy with docs/iam, and look whose AWS credentials this shell has."

CATALOG: Mapping[str, Meaning] = {
    # --- this machine ---
    "engine.ok": _ok("Pulumi's engine and its Python language host are there and new enough."),
    "engine.missing": _error(
        "pulumi is not on PATH, so that nothing can be previewed or updated.",
        'Install pulumi, or run eval "$(make -s env)" in a clone of the project.',
    ),
    "engine.no_answer": _error(
        "pulumi does not tell its version.", "Run `pulumi version` and mend what it says, or install it again."
    ),
    "engine.old": _error(
        "The engine is older than this package needs: it imports no inputs and outputs of dynamic providers.",
        "Install a newer pulumi.",
    ),
    "engine.new": _error(
        "The engine no longer checks what depends on a failed resource: a token that moves behind one would be ended.",
        "Install pulumi 3.260 or older: curl -fsSL https://get.pulumi.com | sh -s -- --version 3.260.0",
    ),
    "engine.untested": _warning(
        "The engine is of a major version that this package was never tried with.",
        "Use an engine of version 3, or a newer meta-access.",
    ),
    "engine.language_host": _error(
        "pulumi-language-python is neither next to pulumi nor on PATH, so that no Python program runs.",
        "Install the whole archive of pulumi: the engine and its language hosts belong into one folder.",
    ),
    "plugin.ok": _ok("The plugin of pulumi-random is installed, or not needed, or the engine may fetch it."),
    "plugin.missing": _error(
        "The stack needs the plugin of pulumi-random, which is not installed, and the engine may fetch none.",
        "Run `pulumi plugin install` in the project's folder.",
    ),
    "project.ok": _ok("Pulumi.yaml has what safety needs."),
    "project.unreadable": _error("Pulumi.yaml cannot be read.", "Correct it."),
    "project.runtime": _error("The project's runtime is not Python.", "Write runtime: python into Pulumi.yaml."),
    "project.refresh": _warning(
        "Pulumi.yaml lacks `options: {refresh: always}`, so that a preview does not look at Meta, and reviews nothing.",
        "Add to Pulumi.yaml: options: {refresh: always}",
    ),
    "project.virtualenv": _error(
        "The virtual environment that Pulumi.yaml names is not there, or has no Python.",
        "Run `pulumi install`, or make it and install the project's packages into it.",
    ),
    "project.other_package": _warning(
        "The project's virtual environment has another version of meta-access than the one that runs this command.",
        "Run the commands of that environment, or bring both to one version.",
    ),
    "project.stack_folder": _error(
        "The folder of the stack files, stackConfigDir of Pulumi.yaml, is not there.",
        "Make it, or correct stackConfigDir.",
    ),
    "backend.ok": _ok("The engine has a backend for its state."),
    "backend.none": _error("The engine has no backend, or cannot use it.", "Run `pulumi login` with your backend."),
    "backend.metadata": _warning(
        "A file backend without ?metadata=skip: a killed run can leave the state unreadable.",
        "Put ?metadata=skip behind the backend's address, as docs/runbook.md says.",
    ),
    "environment.ok": _ok("No variable of this shell undoes what keeps a run safe."),
    "environment.unset": _warning(
        "A variable that every run of pulumi here needs is not set.", "Export it in every environment that runs pulumi."
    ),
    "environment.undoes": _warning("A variable undoes what keeps a run safe.", "Unset it."),
    "environment.exception": _warning(
        "A pair of endpoints that does not belong together is let through on this machine.",
        "Unset META_ACCESS_ALLOW_GRAPH_HOST when its reason is over.",
    ),
    "environment.invalid": _error("A variable of this package cannot be used.", "Correct it, or unset it."),
    # --- the stack ---
    "stack.unreadable": _error(
        "The engine could not read the stack.", "Mend what it says; `pulumi stack ls` lists the stacks that are there."
    ),
    "config.ok": _ok("The stack's files are sound."),
    "config.invalid": _error("The program refuses the configuration.", "Correct what is named."),
    "config.unknown_key": _error(
        "A key of the stack's files that this version of meta-access does not know: misspelt, or of a newer version.",
        "Correct it, or install the version that the file was written for.",
    ),
    "rules.ok": _ok("The stack's rule set is the newest that this package has."),
    "rules.unknown": _error(
        "A rule set that this version of meta-access does not have: misspelt, or of a newer or older version.",
        "Name one that it has, or install the version that has it.",
    ),
    "rules.old": _warning(
        "This package has a newer set of Meta's rules than the one that the stack names.",
        "Read what moves (docs/stack-configuration.md), then change meta:rules.",
    ),
    "state.ok": _ok("The state can be read and holds what this version of the package writes."),
    "state.unreadable": _error("The stack's state cannot be read.", "Mend what the engine says; see docs/runbook.md."),
    "state.foreign": _error(
        "The state holds code or resources that this version did not write, and pulumi would run it.",
        "Run no pulumi on it; `meta-access state verify` lists everything. Find out who wrote it.",
    ),
    "state.newer_package": _error(
        "The state holds resources of a kind that this version does not know: a newer meta-access wrote it.",
        "Install the version that wrote it, or a newer one.",
    ),
    "state.newer_engine": _warning(
        "A newer engine than the one on PATH wrote the state.", "Use the same engine everywhere, the newer one."
    ),
    "state.pending": _warning(
        "A killed run began something and never recorded how it ended.",
        "Run `pulumi up`: it looks at Meta first and takes over what exists.",
    ),
    "state.last_failed": _warning(
        "The last update or refresh failed, so that parts of the state may be older than they look.",
        "Run `pulumi up` again and mend what it says.",
    ),
    "gates.ok": _ok("No gate waits for a person."),
    "gates.open": _warning(
        "Work waits that Meta lets only people do.", "`meta-access gates` says who does what, and where."
    ),
    "gates.drifted": _warning(
        "What Meta shows differs from what the stack declares, and only a person can change it.",
        "`meta-access gates` says what differs; change it at Meta, or the stack.",
    ),
    # --- a connection: its credentials ---
    "connection.ok": _ok("Graph and Secrets Manager of the connection belong together."),
    "connection.pairing": _error(
        "Graph and Secrets Manager of the connection do not belong together, so that neither is called.",
        "Pair Meta with AWS, or the emulator with the emulator.",
    ),
    "credential.ok": _ok("Both references of the connection lead to a value."),
    "credential.unresolved": _error(
        "A reference of the connection leads to no value that can be used.", "Put the value where the reference points."
    ),
    "app_secret.refused": _error(
        "Meta refuses the app's own token, which is made of its id and its secret: one of the two is wrong, and every "
        "appsecret_proof with it.",
        "Compare app and app_secret of the connection with the app's dashboard (App settings > Basic).",
    ),
    # --- tokens ---
    "token.ok": _ok("The token is valid and what it should be."),
    "token.invalid": _error("Meta says that the token is not valid.", _NEW_TOKEN),
    "token.expired": _error("The token has expired.", _NEW_TOKEN),
    "token.other_app": _error(
        "The token was made by another app than the connection's.",
        "Mint a token for this app, or name the app it belongs to.",
    ),
    "token.wrong_type": _error(
        "The token is a Page's or the app's own, and can act for no business.",
        "Point it to the token of an admin system user; `meta-access bootstrap` makes one.",
    ),
    "token.not_system_user": _warning(
        "The token is no system user's, and ends with the login of the person behind it.",
        "Make an admin system user's token (`meta-access bootstrap`) and point admin_token to it.",
    ),
    "token.scope_missing": _warning(
        "The token lacks a permission that its work needs.", "Mint it again with that permission."
    ),
    "token.elsewhere": _warning(
        "A permission was granted to the token for other businesses than the connection's.",
        "Mint it again with the permission for that business.",
    ),
    "token.not_admin": _warning(
        "The token's system user is no admin of the connection's business.",
        "Make an admin system user's token (`meta-access bootstrap`) and point admin_token to it.",
    ),
    "token.expiring": _warning(
        "The token ends soon, and nothing of the connection is kept alive after that.",
        "Put a new one where admin_token points before.",
    ),
    "token.data_access_over": _error(
        "The person behind the token has to give the app access to their data again; until then its reads fail.",
        "Let that person log in to the app again, or use a system user's token, whose data access does not end.",
    ),
    "token.data_access_ends": _warning(
        "The data access of the token ends soon: the person behind it has to log in to the app again.",
        "Let that person log in to the app again before, or use a system user's token.",
    ),
    "token.not_as_recorded": _error(
        "A token in a secret of this stack is not what its record says.",
        "Run `meta-access revoke` for it: that ends it and mints a right one.",
    ),
    "token.due": _warning(
        "A token of this stack is due for a step that the next update makes.", "Run `meta-access rotate --due`."
    ),
    "token.decision": _error(
        "A token's secret is in a state that an operator has to decide about; nothing is minted meanwhile.",
        "Look at the secret, and see docs/runbook.md.",
    ),
    "secret.missing": _error(
        "The secret of a token of this stack does not exist.", "Run `pulumi up`: it makes another one."
    ),
    "secret.scheduled": _error(
        "The secret of a token of this stack waits for its deletion.",
        "Restore it (`aws secretsmanager restore-secret`), or let `pulumi up` make another one.",
    ),
    # --- Meta ---
    "meta.unreachable": _error(
        "Graph was not reached, or something else answered.", "Check the network, the proxy and graph_url."
    ),
    "meta.throttled": _warning(
        "Meta limits how often the app may call, so that something could not be read.", "Run this again later."
    ),
    "meta.busy": _warning("Meta has a passing fault, so that something could not be read.", "Run this again."),
    "meta.denied": _warning(
        "Meta does not show something to the token, so that it could not be looked at.",
        "Look at the token's permissions and at what its user is assigned in Business settings.",
    ),
    "meta.person_needed": _error(
        "Meta wants a person to act before it answers.", "Do what the cause names; it is about no token."
    ),
    "meta.refused": _error(
        "Meta refused a read for another reason.", "`meta-access doctor explain CODE` says what the code means."
    ),
    "app.ok": _ok("The app is the connection's, in its business, and Meta answers it."),
    "app.other_business": _error(
        "The app is not among the apps of the connection's business, so that none of its system users gets it.",
        "An administrator of the app adds it under Business settings > Accounts > Apps, or the connection names "
        "another business or app.",
    ),
    "app.no_privacy_policy": _warning(
        "The app names no privacy policy, without which Meta neither reviews an app nor lets it go live.",
        "Write settings.privacy_policy_url of the app, or set it under App settings > Basic.",
    ),
    "app.permission_not_live": _warning(
        "The stack declares a permission at the advanced level that the app did not get in App Review, or lost.",
        "`meta-access gates` says what App Review needs; `--review-pack` writes it.",
    ),
    "app.tier_differs": _warning(
        "The app has another access tier than the stack declares.",
        "Correct `tier` of the app in meta:apps, or ask for the tier in App Review.",
    ),
    "business.ok": _ok("The business can be read, and is as the stack declares it."),
    "business.not_verified": _warning(
        "The business is not verified, although the stack declares it.",
        "A business admin opens Business settings > Security Center.",
    ),
    "business.no_two_factor": _warning(
        "Nobody in the business has to sign in with two factors.",
        "A business admin asks for it under Business settings > Security Center, two-factor authentication.",
    ),
    "business.two_factor_differs": _warning(
        "The business asks for another second factor than the stack declares.",
        "Change it under Business settings > Security Center, or correct two_factor in meta:businesses.",
    ),
    "quota.ok": _ok("The declared system users fit the quota."),
    "quota.exceeded": _error(
        "The declared system users do not fit the quota of the app's tier, and Meta would refuse one.",
        "`meta-access review` names the ways out; one is to take over an unused user.",
    ),
    "quota.over": _warning(
        "The business has more system users than its limit, so that a create would be refused.",
        "Take over an unused one instead of creating; system users cannot be deleted.",
    ),
    "calls.ok": _ok("Meta's headers show room for more calls."),
    "calls.near_limit": _warning(
        "The app has used up four fifths or more of what Meta lets it call.",
        "Find out which program calls so often before Meta throttles it.",
    ),
    "version.ok": _ok("The Graph version is served and does not end soon."),
    "version.ending": _warning(
        "The Graph version of the connection ends soon.", "Raise api_version of the connection."
    ),
    "version.retired": _warning(
        "By Meta's calendar the Graph version of the connection has ended.", "Raise api_version of the connection."
    ),
    "version.unknown": _warning(
        "The calendar of the rule set does not have the Graph version of the connection.",
        "Correct api_version, or move to a rule set that knows it.",
    ),
    "version.refused": _error(
        "Meta refuses the Graph version of the connection: it is retired.", "Raise api_version of the connection."
    ),
    "version.not_served": _warning(
        "Meta answered in another version than was asked for.", "Set api_version to a version that Meta serves."
    ),
    "version.warned": _warning(
        "Meta announces the end of the version that was asked for.", "Raise api_version of the connection."
    ),
    # --- AWS ---
    "aws.ok": _ok("Secrets Manager answers, and lets this role describe and list. Rights to write are not tried here."),
    "aws.unreachable": _error(
        "Secrets Manager was not reached.", "Check the network, the region and the endpoint, then run this again."
    ),
    "aws.credentials": _error(
        "The AWS credentials or the AWS configuration of this machine cannot be used.",
        "Log in to AWS in this shell, or give the job a role.",
    ),
    "aws.denied": _error("A policy does not let this role describe the stack's secrets.", _IAM),
    "aws.list_denied": _warning(
        "A policy does not let this role list secrets, without which nothing that was left behind is found.", _IAM
    ),
    "aws.refused": _error("Secrets Manager refused a read for another reason.", "Look at the secret in AWS."),
    # --- the clock ---
    "clock.ok": _ok("This machine's clock agrees with those of Meta and AWS."),
    "clock.skew": _warning("This machine's clock is more than a minute off.", "Set the clock of this machine."),
    "clock.moved": _warning(
        "Somebody moved the emulator's clock. What is due or has ended goes by it, and a snapshot may seem to be from "
        "the future.",
        "Nothing, if it was on purpose; `meta-access emulator reset` begins anew at this machine's time.",
    ),
    "clock.far_off": _error(
        "This machine's clock is five minutes off or more, and AWS refuses signatures of that age.",
        "Set the clock of this machine.",
    ),
    # --- what nobody looked at ---
    "look.offline": _unknown(
        "META_ACCESS_OFFLINE=1 forbids every call: neither Meta nor Secrets Manager was looked at.", "Unset it to look."
    ),
    "look.snapshot": _unknown(
        "A snapshot answers instead of Meta and Secrets Manager: what it does not hold was not looked at.",
        "Unset META_ACCESS_SNAPSHOT to look at what is so today.",
    ),
    "look.no_project": _unknown(
        "There is no Pulumi.yaml here or above: neither a project nor a stack was looked at.",
        "Go to the folder of the project.",
    ),
    "look.no_stack": _unknown(
        "No stack is selected, so that neither a connection nor a state was looked at.", "Name one with --stack."
    ),
    "look.after": _unknown("Something was not looked at, since it needs what is broken.", "Mend that first."),
    "look.time": _unknown(
        "Something was not looked at, since the time of this run was over.", "Run this again, or look why it is slow."
    ),
    "look.earlier_config": _unknown(
        "The stack's file makes no connection, so those of an earlier update were looked at.",
        "Mend the file, then run this again.",
    ),
    "look.not_examined": _unknown(
        "Meta was not asked about a token, since its value may not be read here.",
        "Run this with a role that may read the stack's secrets.",
    ),
}
"""Finding's id to its meaning, in the order of the page on the command."""
