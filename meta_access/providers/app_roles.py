"""AppRoles: who has a role on the app. Meta takes roles away from every API: people invite, accept and remove.

Read: GET /{app-id}/roles. Rules: https://developers.facebook.com/documentation/development/build-and-test/app-roles
(read 2026-11): an invited person must accept, invitations cannot be read, and an app that a business claimed has its
people managed in Business settings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pulumi import Input, ResourceOptions
from pulumi.dynamic import CheckFailure

from meta_access import validation
from meta_access.errors import MetaAccessError
from meta_access.gates.status import Actor, Desired, NextStep, Observation
from meta_access.graph.business_users import same
from meta_access.providers._declaration import NONE, Evidence, TextMap
from meta_access.providers._gate import GateProvider, GateResource, app_shown, business_shown, place
from meta_access.providers._values import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_access.graph.app_roles import RoleRow
    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live

ROLES = ("admin", "developer", "tester", "analytics")


class AppRolesProvider(GateProvider):
    kind = "app roles"
    identified_by = ("connection",)
    declared = ("roles",)
    link = "app_roles"

    def validate(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        del olds
        roles, people = props.get("roles"), props["people"]
        if unknown(roles) or unknown(people):
            return []
        if not isinstance(roles, dict) or not roles:
            return [CheckFailure("roles", 'must name at least one person, such as {"nadia": "admin"}.')]
        found = [f"{person}: {why}" for person, role in roles.items() if (why := validation.one_of(role, ROLES))]
        failures = [CheckFailure("roles", text) for text in found or self._over(roles, self.live(props))]
        for person, entry in people.items():
            user_id = entry.get("user_id") if isinstance(entry, dict) else entry
            if user_id is not None and (why := validation.graph_id(user_id)):
                failures.append(CheckFailure("people", f"{person}: user_id {why}"))
        return failures

    def key(self, props: Mapping[str, Any]) -> Key:
        return (self.live(props).connection.app_id,)

    def observe(self, props: Mapping[str, Any], live: Live) -> Observation:
        return compare(props["roles"], _user_ids(props), live.reads.app_roles())

    def step(self, props: Mapping[str, Any], live: Live, seen: Observation) -> NextStep:
        claimed = live.connection.app_claimed
        wanted = [f"{person}: {role}" for person, role in sorted(props["roles"].items())]
        how = "Roles are given to people by an app admin; an invited person must accept."
        if claimed:
            how = (
                f"The app is claimed by {business_shown(live)}: a business admin gives its roles, to people of the "
                f"business alone, and an invited person must accept.{_outside(props, live)}"
            )
        return NextStep(
            what=f"{_sentence(seen.reason)} {how}",
            **place(live, "claimed_app_roles" if claimed else self.link),
            expect=business_shown(live) if claimed else app_shown(live),
            paste="\n".join(wanted),
            wait="Wait until the invited people accept at https://developers.facebook.com/requests/.",
        )

    def desired(self, props: Mapping[str, Any], live: Live, seen: Observation) -> Desired:
        return Desired(
            self.subject(props), live.connection.app_id, self.step(props, live, seen), reviewer=Actor.INVITEE
        )

    def live_inputs(self, seen: Observation) -> dict[str, Any]:
        return {"roles": seen.value}

    def farewell(self, outs: Mapping[str, Any]) -> str:
        people = ", ".join(f"{person} ({role})" for person, role in sorted(outs.get("roles", {}).items()))
        return f"At Meta these people keep their roles until an app admin removes them: {people}."

    def _over(self, roles: Mapping[str, str], live: Live) -> list[str]:
        limits, count = live.rules.role_limits, Counter(roles.values())
        over = []
        if count["admin"] > limits.admins:
            over.append(f"{count['admin']} admins are more than the {limits.admins} an app may have.")
        most, whose = limits.testers_and_analytics_verified, ""
        if not live.connection.app_claimed:
            most, whose = limits.testers_unverified, " that an app without a verified business may have"
        if count["tester"] + count["analytics"] > most:
            over.append(
                f"{count['tester'] + count['analytics']} testers and analytics users are more than {most}{whose}."
            )
        return over


def compare(roles: Mapping[str, str], user_ids: Mapping[str, str], rows: Sequence[RoleRow]) -> Observation:
    """Match people to what Meta lists, and say what differs. The declaration is the whole: others are to be removed.

    A declared person without a user id cannot be told apart. Somebody listed in the role such a person should have
    may be just that person, and is therefore not called a stranger.
    """
    name_of = {user_id: person for person, user_id in user_ids.items()}
    listed = {name_of.get(row.user, f"user {row.user}"): row.word for row in rows}
    nameless = {person: role for person, role in roles.items() if person not in user_ids}
    maybe = Counter(nameless.values())
    unmatched, strangers = [], {}
    for person, role in sorted(listed.items()):
        if person in roles:
            continue
        if maybe[role] > 0 and person.startswith("user "):
            maybe[role] -= 1
            unmatched.append(person)
        else:
            strangers[person] = role
    todo = [
        f"change {person} from {listed[person]} to {role}" if person in listed else f"invite {person} as {role}"
        for person, role in sorted(roles.items())
        if person not in nameless and listed.get(person) != role
    ]
    todo += [f"remove {person} ({role})" for person, role in strangers.items()]
    known = {person: role for person, role in listed.items() if person not in unmatched}
    value = {**known, **nameless} if nameless else known
    if todo:
        return Observation(met=False, value=value, source="graph", reason="; ".join(todo) + ".")
    if nameless:
        who = ", ".join(sorted(nameless))
        reason = f"whether {who} has the role is unknown without user_id in meta:people."
        return Observation(met=None, value=known, reason=reason)
    return Observation(met=True, value=value, source="graph")


def _outside(props: Mapping[str, Any], live: Live) -> str:
    """Which of the people are not in the business yet, as far as their addresses and Meta tell."""
    emails = {
        person: entry["email"]
        for person, entry in props["people"].items()
        if person in props["roles"] and isinstance(entry, dict) and entry.get("email")
    }
    if live.offline or not emails:
        return ""
    try:
        rows = live.reads.business_users()
    except MetaAccessError:
        return ""
    outside = []
    for person, email in sorted(emails.items()):
        found = [row for row in rows if same(row.email, email)]
        if not found:
            outside.append(f"{person} (not invited)")
        elif all(row.pending for row in found):
            outside.append(f"{person} (invited, has not accepted)")
    return f" Not in the business yet: {', '.join(outside)}." if outside else ""


def _user_ids(props: Mapping[str, Any]) -> dict[str, str]:
    entries = props.get("people", {}).items()
    found = {person: entry.get("user_id") if isinstance(entry, dict) else entry for person, entry in entries}
    return {person: str(user_id) for person, user_id in found.items() if user_id}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


class AppRoles(GateResource, provider=AppRolesProvider):
    """The people of the connection's app and their roles, as one list: people who are not in it are to be removed.

    Args:
        roles: Person to `admin`, `developer`, `tester` or `analytics`.
        people: Person to `{"user_id": …, "email": …}`: the id matches a name to what Meta lists, the address tells who
            of a claimed app's people is not in the business yet.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        roles: TextMap,
        people: Input[Mapping[str, Any]] | None = NONE,
        evidence: Evidence | None = None,
        owner: Input[str] | None = "",
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, locals(), opts)
