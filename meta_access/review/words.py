"""The last door: one group of facts as one plain sentence. Everything that comes from outside is made harmless here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from meta_access import access
from meta_access.clock import ago
from meta_access.policy.judge import mandatory
from meta_access.policy.model import Level
from meta_access.redaction import visible
from meta_access.review.facts import Actor, Cause, Kind, NoAuthor, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from meta_access.policy import Finding
    from meta_access.review.facts import Budget, Difference, Fact, Group, Quota, Review

NAMED = 3
"""So many things are named; of more, their number is said."""
FEW_CALLS = 60
"""Up to so many calls are done in less than a minute."""
_ASSETS = {
    "act_": ("ad account", "ad accounts"),
    "page": ("Page", "Pages"),
    "catalog": ("catalog", "catalogs"),
    "pixel": ("pixel", "pixels"),
    "waba": ("WhatsApp account", "WhatsApp accounts"),
    "instagram": ("Instagram account", "Instagram accounts"),
    "group": ("asset group", "asset groups"),
}
_KINDS = {
    "AppInstallation": ("app installation", "app installations"),
    "AppRoles": ("app roles", "app roles"),
    "AppSettings": ("app settings", "app settings"),
    "AssetAssignment": ("asset assignment", "asset assignments"),
    "AssetShare": ("asset share", "asset shares"),
    "BusinessUser": ("person", "people"),
    "BusinessVerification": ("business verification", "business verifications"),
    "ExclusiveAccess": ("exclusive access", "exclusive accesses"),
    "FeatureRequest": ("feature request", "feature requests"),
    "LeadAccess": ("lead access", "lead accesses"),
    "LoginConfiguration": ("login configuration", "login configurations"),
    "Obligation": ("obligation", "obligations"),
    "PermissionRequest": ("permission request", "permission requests"),
    "RedirectUris": ("redirect URIs", "redirect URIs"),
    "SystemUser": ("system user", "system users"),
    "SystemUserAppAccess": ("app access", "app accesses"),
    "SystemUserToken": ("token", "tokens"),
    "WebhookSubscription": ("webhook subscription", "webhook subscriptions"),
}
HEADS = {
    Cause.DUE: "Due anyway",
    Cause.DRIFT: "Drift, which an update puts back",
    Cause.PEOPLE: "People's work, gates",
}


def line(group: Group, *, whole: bool = False) -> str:
    """One sentence about a group; `whole` names all of its things, however many they are."""
    said = _SENTENCES[group.first.kind](group, NAMED if not whole else len(group.all))
    already = "; Meta has it so already" if group.first.already else ""
    ends = _ends(group, NAMED if not whole else len(group.all))
    return visible(f"{said}{already}{_tail(_by(group), '; ')}{_tail(ends, '; ')}")


def _ends(group: Group, most: int) -> str:
    """The day that takes it away, and where that is typed; "" where no day does."""
    if group.first.until is None:
        return ""
    keys = sorted({one.until.key for one in group.all if one.until is not None})
    where = _and(keys) if len(keys) <= most else f"{len(keys)} keys"
    return f"ends on {group.first.until.day}, set in {group.first.until.file}: {where}"


_NO_AUTHOR = {
    NoAuthor.NO_ENTRY: "the ad account's activities have no entry of it since the last update",
    NoAuthor.NO_TIME: "the state does not say when it was last written",
    NoAuthor.NOT_ASKED: "Meta was not asked",
    NoAuthor.NO_CREDENTIAL: "there was no credential to ask Meta with",
    NoAuthor.NO_ANSWER: "Meta did not answer",
    NoAuthor.REFUSED: "Meta did not show the ad account's activities",
}


def _by(group: Group) -> str:
    """Who made the drift, through what, and when; "" of what nobody asks."""
    by = group.first.by
    if by is None:
        return ""
    if isinstance(by, NoAuthor):
        why = _NO_AUTHOR.get(by) or f"Meta keeps no public activity log of {_of_kind(group.first)}"
        return f"who changed it is unknown: {why}"
    times = sorted({one.by.at for one in group.all if isinstance(one.by, Actor)})
    moments = [f"{at[:10]} {at[11:16]} UTC" for at in (times[0], times[-1])]
    when = f"on {moments[0]}" if moments[0] == moments[1] else f"between {moments[0]} and {moments[1]}"
    through = f"through {by.application}" if by.application else "through an application that Meta does not name,"
    return f"changed by {by.name or 'somebody whom Meta does not name'} {through} {when}"


def _of_kind(fact: Fact) -> str:
    if fact.asset:
        return _ASSETS.get(_kind(fact.asset), ("", "such assets"))[1]
    return (
        "the people of a business"
        if fact.resource == "BusinessUser"
        else _KINDS.get(fact.resource, ("", "such things"))[1]
    )


def assets(found: Iterable[str], most: int = NAMED) -> str:
    """`ad account 1`, `Pages 1 and 2`, `9 ad accounts and Page 3`."""
    kinds: dict[str, list[str]] = {}
    for asset in sorted(set(found)):
        kinds.setdefault(_kind(asset), []).append(asset)
    parts = []
    for kind, ids in kinds.items():
        one, many = _ASSETS.get(kind, ("asset", "assets"))
        named = f"{one if len(ids) == 1 else many} {_and([_number(each) for each in ids])}"
        parts.append(named if len(ids) <= most else f"{len(ids)} {many}")
    return _and(parts)


def _kind(asset: str) -> str:
    return "act_" if asset.startswith("act_") else asset.partition(":")[0]


def _number(asset: str) -> str:
    return asset.removeprefix("act_").partition(":")[2] if ":" in asset else asset.removeprefix("act_")


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else ""


def _who(fact: Fact) -> str:
    return fact.who or "a system user"


def _where(group: Group, most: int) -> str:
    fact = group.first
    of = f" of {fact.client}" if fact.client else ""
    return f"{assets([one.asset for one in group.all], most)}{of}" if fact.asset else f"an asset{of} not known yet"


def _tasks(fact: Fact) -> str:
    more = f" (with {_and(fact.implied)})" if fact.implied else ""
    return f"{_and(fact.tasks)}{more}" if fact.tasks else "its tasks"


def _names(group: Group, most: int) -> str:
    """`webhook subscription a`, `3 webhook subscriptions`."""
    names = _distinct_names(group)
    one, many = _KINDS.get(group.first.resource, (group.first.resource, group.first.resource))
    if len(names) > most:
        return f"{len(names)} {many}"
    return f"{one if len(names) == 1 else many} {_and(names)}".strip()


def _distinct_names(group: Group) -> list[str]:
    """The same name in many stacks is one."""
    return sorted({one.name for one in group.all})


def _distinct_holders(group: Group) -> list[str]:
    return sorted({_who(one) for one in group.all})


def _of_users(group: Group, most: int) -> str:
    names = _distinct_holders(group)
    return f"{len(names)} system users" if len(names) > most else f"system user{'s'[: len(names) - 1]} {_and(names)}"


def _gates(group: Group, most: int) -> str:
    names = _distinct_names(group)
    return f"{len(names)} gates" if len(names) > most else f"gate{'s'[: len(names) - 1]} {_and(names)}"


def _differs(found: Sequence[Difference], most: int) -> str:
    if not found:
        return ""
    if len(found) > most:
        return f"{len(found)} values: {', '.join(one.key for one in found[:most])} and more"
    return "; ".join(map(_difference, found))


def _difference(one: Difference) -> str:
    if one.unknown:
        return f"{one.key} is known at the update"
    if one.before and one.after:
        return f"{one.key} {one.before} => {one.after}"
    return f"{one.key} {one.after} added" if one.after else f"{one.key} {one.before} taken out"


def _tail(text: str, lead: str = ": ") -> str:
    return f"{lead}{text}" if text else ""


def _gate_list(fact: Fact) -> str:
    return _and([f"{name} is {status.replace('_', ' ') or 'not known yet'}" for name, status in fact.gates])


def _refused(group: Group, most: int) -> str:
    fact = group.first
    if not fact.name:
        return f"refused: {fact.reason}"
    what = f"{_who(fact)} on {_where(group, most)}" if fact.asset else _names(group, most)
    return f"will be refused: {what}: {fact.reason}"


def _held_back(group: Group, most: int) -> str:
    fact = group.first
    if fact.resource == "AssetAssignment":
        what = f"{_who(fact)} does not get {_tasks(fact)} on {_where(group, most)} yet"
    elif fact.resource == "SystemUser":
        what = f"{_of_users(group, most)} {_be(_distinct_holders(group))} not made yet"
    elif fact.tasks:
        what = f"the token of {_who(fact)} does not get {_and(fact.tasks)} yet"
    else:
        what = f"{_names(group, most)} wait{_s(_distinct_names(group))}"
    return f"held back: {what}: {_gate_list(fact)}"


def _tasks_lost(group: Group, most: int) -> str:
    return f"{_who(group.first)} loses {_tasks(group.first)} on {_where(group, most)}"


def _tasks_gained(group: Group, most: int) -> str:
    return f"{_who(group.first)} gains {_tasks(group.first)} on {_where(group, most)}"


def _tasks_unknown(group: Group, most: int) -> str:
    return f"what {_who(group.first)} gets on {_where(group, most)} is known at the update"


def _user(how: str) -> Callable[[Group, int], str]:
    def sentence(group: Group, most: int) -> str:
        role = f" with role {group.first.role}" if group.first.role else ""
        return f"{_of_users(group, most)} {_be(_distinct_holders(group))} {how}{role}"

    return sentence


def _user_renamed(group: Group, most: int) -> str:
    del most
    name = group.first.differences[0]
    return f"system user {name.before} is renamed {name.after}"


def _s(things: Sequence[object]) -> str:
    """The ending of a verb."""
    return "s" if len(things) == 1 else ""


def _be(things: Sequence[object]) -> str:
    return "is" if len(things) == 1 else "are"


def _person(how: str) -> Callable[[Group, int], str]:
    def sentence(group: Group, most: int) -> str:
        people = _distinct_holders(group)
        who = f"{len(people)} people" if len(people) > most else _and(people)
        return f"{who} {how.format(role=group.first.role, s=_s(people))}"

    return sentence


def _person_back(group: Group, most: int) -> str:
    del most
    fact = group.first
    was = fact.differences[0].before
    if was == "pending":
        return (
            f"the invitation of {_who(fact)} is no longer listed, because it was declined or has expired; an update "
            f"sends another one, as {fact.role}"
        )
    left = "has left the business, or was taken out by hand" if was == "accepted" else "is no longer in the business"
    let = f"; to let them go: `meta-access offboard {fact.person}`" if fact.person else ""
    return f"{_who(fact)} {left}; an update invites them again, as {fact.role}{let}"


def _role(group: Group, most: int) -> str:
    del most
    fact = group.first
    return f"{_who(fact)} becomes {fact.role} of the business, was {fact.differences[0].before}"


def _readers(fact: Fact, what: str) -> str:
    return (
        f"readers of {what} lose access {fact.grace} later" if fact.grace else f"readers of {what} lose access at once"
    )


def _token_ends(group: Group, most: int) -> str:
    del most
    fact = group.first
    return f"the token of {_who(fact)} ends and secret {fact.secret} is deleted; {_readers(fact, 'it')}"


def _token_moves(group: Group, most: int) -> str:
    fact = group.first
    to = f"secret {fact.moved_to}" if fact.moved_to else "a secret whose name is known at the update"
    scopes = f", gains {_and(fact.tasks)}" if fact.tasks else ""
    return (
        f"the token of {_who(fact)} moves from secret {fact.secret} to {to}{scopes}; {_readers(fact, 'the old one')}"
        f"{_tail(_differs(fact.differences, most), '; ')}"
    )


def _token_new(group: Group, most: int) -> str:
    del most
    fact = group.first
    where = f"secret {fact.secret}" if fact.secret else "a secret whose name is known at the update"
    return f"{_who(fact)} gets its first token, for {_and(fact.tasks) or 'scopes known at the update'}, in {where}"


def _token_renewed(group: Group, most: int) -> str:
    fact = group.first
    if fact.reason:
        return f"the token of {_who(fact)} in secret {fact.secret} is brought up to date: {fact.reason}"
    gains = f", gains {_and(fact.tasks)}" if fact.tasks else ""
    old = f"the old one ends {fact.grace} later" if fact.grace else "the old one ends at once"
    why = _differs(fact.differences, most)
    return f"the token of {_who(fact)} is renewed in secret {fact.secret}{gains}; {old}{_tail(why, '; ')}"


def _gate(how: str) -> Callable[[Group, int], str]:
    def sentence(group: Group, most: int) -> str:
        differs = _differs(group.first.differences, most)
        names = _distinct_names(group)
        return f"{_gates(group, most)} {how.format(s=_s(names), be=_be(names))}{_tail(differs)}"

    return sentence


def _gate_drifted(group: Group, most: int) -> str:
    differs = _differs(group.first.differences, most)
    told = f"{_gates(group, most)} drifted{_tail(differs, ', declared and found: ')}; a person puts it right"
    return f"{told}{_tail(group.first.reason)}"


def _gate_satisfied(group: Group, most: int) -> str:
    differs = _differs(group.first.differences, most)
    return f"{_gates(group, most)} {_be(_distinct_names(group))} satisfied{_tail(differs)}"


def _other(how: str) -> Callable[[Group, int], str]:
    def sentence(group: Group, most: int) -> str:
        of = f" of {group.first.client}" if group.first.client else ""
        differs = _differs(group.first.differences, most)
        return f"{_names(group, most)}{of} {_be(_distinct_names(group))} {how}{_tail(differs)}"

    return sentence


def _holder_stays(group: Group, most: int) -> str:
    fact = group.first
    what = f"{_who(fact)} keeps {_tasks(fact)} on {_where(group, most)}, which no line declares"
    return f"{what}{_tail(fact.reason)}"


def _unknown(group: Group, most: int) -> str:
    keys = ", ".join(one.key for one in group.first.differences)
    return f"what changes of {_names(group, most)} is known at the update{_tail(keys)}"


_SENTENCES: dict[Kind, Callable[[Group, int], str]] = {
    Kind.REFUSED: _refused,
    Kind.HELD_BACK: _held_back,
    Kind.TASKS_LOST: _tasks_lost,
    Kind.TASKS_GAINED: _tasks_gained,
    Kind.TASKS_UNKNOWN: _tasks_unknown,
    Kind.USER_MADE: _user("made"),
    Kind.USER_ADOPTED: _user("taken over"),
    Kind.USER_RETIRED: _user("retired, and its slot reused later"),
    Kind.USER_LEFT: _user("no longer managed and stays at Meta as it is"),
    Kind.USER_RENAMED: _user_renamed,
    Kind.PERSON_IN: _person("enter{s} the business as {role}, invited unless there already"),
    Kind.PERSON_BACK: _person_back,
    Kind.PERSON_OUT: _person("leave{s} the business"),
    Kind.PERSON_LEFT: _person("stay{s} in the business, no longer managed"),
    Kind.PERSON_PROMOTED: _role,
    Kind.PERSON_DEMOTED: _role,
    Kind.TOKEN_ENDS: _token_ends,
    Kind.TOKEN_MOVES: _token_moves,
    Kind.TOKEN_NEW: _token_new,
    Kind.TOKEN_RENEWED: _token_renewed,
    Kind.GATE_DRIFTED: _gate_drifted,
    Kind.GATE_WAITS: _gate("wait{s} for people"),
    Kind.GATE_SATISFIED: _gate_satisfied,
    Kind.GATE_DROPPED: _gate("{be} no longer watched"),
    Kind.HOLDER_STAYS: _holder_stays,
    Kind.UNKNOWN: _unknown,
    Kind.REMOVED: _other("removed"),
    Kind.REPLACED: _other("replaced, the old one goes"),
    Kind.MADE: _other("made"),
    Kind.CHANGED: _other("changed"),
}


_OFFLINE = "Offline: nothing was asked of Meta or AWS, so drift, what is due and what Meta will refuse are not known."

# --- the lines that are not about one fact ---


def tally(review: Review) -> str:
    """The first line: the stack, and how much of what the change does."""
    refused = len(mandatory(review.policy))
    told = ", ".join([*([f"{refused} refused by policy"] if refused else []), *_counted(review.of(Cause.CHANGE))])
    head = f"Stack {visible(review.stack)}: "
    if review.failed:
        return f"{head}the preview FAILED{f'; known so far: {told}' if told else ''}"
    if told:
        return head + told
    return head + ("this change changes nothing" if review.facts else "nothing changes")


_COUNTED = (
    ("refused", "refused", lambda fact: fact.kind is Kind.REFUSED),
    ("held back", "held back", lambda fact: fact.kind is Kind.HELD_BACK),
    ("loss", "losses", lambda fact: fact.part is Part.LOSES),
    ("gain", "gains", lambda fact: fact.part is Part.GAINS),
    ("token", "tokens", lambda fact: fact.part is Part.TOKENS),
    ("other", "other", lambda fact: fact.part is Part.OTHER),
)


def _counted(facts: Sequence[Fact]) -> list[str]:
    counts = [(sum(map(belongs, facts)), one, many) for one, many, belongs in _COUNTED]
    return [f"{count} {one if count == 1 else many}" for count, one, many in counts if count]


def folded(review: Review, cause: Cause) -> str:
    """One line for a section that is folded: its count in all and per client; "" when there is nothing."""
    facts = review.of(cause)
    if not facts:
        return ""
    clients: dict[str, list[Fact]] = {}
    for fact in facts:
        clients.setdefault(fact.client or fact.who or "no client", []).append(fact)
    if cause is Cause.PEOPLE:
        told = ", ".join(f"{name} {len(found)}" for name, found in sorted(clients.items()))
    else:
        told = ", ".join(f"{name}: {', '.join(_counted(found))}" for name, found in sorted(clients.items()))
    return visible(f"{HEADS[cause]}: {len(facts)} ({told})")


def warnings(review: Review) -> str:
    """How many warnings there are; "" when there are none."""
    count = len(review.warnings)
    return f"{count} warning{'' if count == 1 else 's'} of the program" if count else ""


def refusal(finding: Finding) -> str:
    """A mandatory finding of the policy: what, where, and what to do about it."""
    return visible(f"policy {finding.rule}: {finding.place}: {finding.cause} Fix: {finding.fix}")


def advice(review: Review) -> str:
    """How much the policy advises, by rule; "" where it advises nothing."""
    rules = [one.rule for one in review.policy if one.level is Level.ADVISORY]
    told = ", ".join(f"{name} {rules.count(name)}" for name in dict.fromkeys(rules))
    return visible(f"Policy, advisory: {len(rules)} ({told})") if rules else ""


def undeclared(review: Review) -> str:
    """What no line of the stack declares; "" where there is nothing, or nobody looked."""
    return visible(access.sentence(review.undeclared)) if review.undeclared is not None else ""


def quota(row: Quota) -> str:
    after = "a number known at the update" if row.after is None else str(row.after)
    limit = "an unknown number" if row.limit is None else str(row.limit)
    return visible(f"Quota of {row.business}, system users of role {row.role}: {row.before} -> {after} of {limit}")


def budget(row: Budget) -> str:
    """Calls against the hour's, and how long that takes."""
    if row.per_hour is None:
        return visible(f"Calls of {row.connection}: about {row.calls}; no tier was seen, so no hourly budget is known")
    hours = -(-row.calls // row.per_hour) if row.per_hour else 0
    takes = f"; takes about {hours} hours" if hours > 1 else "; takes minutes" if row.calls > FEW_CALLS else ""
    return visible(
        f"Calls of {row.connection}: about {row.calls} of the {row.per_hour} an hour of tier {row.tier}{takes}"
    )


def recorded(review: Review) -> str:
    """What the preview was made from, and its age; "" where Meta and AWS were asked."""
    held = review.snapshot
    if held is None:
        return ""
    return f"From the snapshot of {held.at}, {ago(timedelta(seconds=held.age_s))}: what happened since is not known."


def caution(review: Review) -> str:
    """Why more may happen than is shown: the preview failed, or nobody was asked; "" when all is known."""
    if not review.failed:
        return _OFFLINE if review.offline else ""
    if any(fact.kind is Kind.REFUSED and not fact.name for fact in review.facts):
        return "The preview failed, because the configuration is refused: what it changes is not known."
    why = visible(review.error) or "the engine ended before its work was done."
    return f"The preview failed, so more may happen than is shown: {why}"
