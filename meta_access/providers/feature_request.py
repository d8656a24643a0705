"""FeatureRequest: a feature of the app at a level, the Marketing API tier among them.

Graph has no field for features. The tier alone shows, in a response header of Marketing API calls:
https://developers.facebook.com/docs/marketing-api/overview/rate-limiting (read 2026-11). No header means unknown, which
is not the lower tier.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import CheckFailure
from pulumi.runtime import config

from meta_access import validation
from meta_access.errors import ConfigError
from meta_access.gates.status import NextStep, Observation
from meta_access.providers import _live
from meta_access.providers._boundary import say
from meta_access.providers._declaration import Evidence
from meta_access.providers._gate import GateProvider, GateResource, app_shown, place
from meta_access.providers._values import unknown
from meta_access.rules.move import changes, edition_of, word_for
from meta_access.stack.files import NAMESPACE
from meta_access.stack.rules_overlay import KEY as OVERLAY
from meta_access.stack.tier import seen_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live
    from meta_access.rules import RuleSet


class FeatureRequestProvider(GateProvider):
    kind = "feature request"
    identified_by = ("connection", "feature")
    declared = ("feature", "level")
    link = "features"

    def validate(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        del olds
        rules = self.live(props).rules
        feature, level = props.get("feature"), props.get("level")
        if unknown(feature):
            return []
        known = key_of(rules, feature)
        if known is None:
            return [CheckFailure("feature", validation.one_of(feature, sorted(rules.features)) or "")]
        props["feature"] = known
        levels = rules.features[known].levels
        if unknown(level) or not (why := validation.one_of(level, levels)):
            return []
        return [CheckFailure("level", f"{why} (words of the rules {rules.name}).")]

    def key(self, props: Mapping[str, Any]) -> Key:
        return (self.live(props).connection.app_id, props["feature"])

    def look_ahead(self, olds: Mapping[str, Any], props: dict[str, Any]) -> None:
        before, rules = olds.get("level"), self.live(props).rules
        other = edition_of(before, rules) if isinstance(before, str) and _is_tier(rules, props) else None
        if other is not None:
            changed = " ".join(changes(other, rules))
            say(f"{self.kind} {props['label']}: the stack moves from rule set {other.name} to {rules.name}. {changed}")
        super().look_ahead(olds, props)

    def by_rule(self, props: Mapping[str, Any], live: Live) -> Observation | None:
        rules = live.rules
        if props["feature"] == rules.tier_feature_key or props["level"] != rules.features[props["feature"]].levels[0]:
            return None
        return Observation(met=True, value=props["level"], source="rule")

    def observe(self, props: Mapping[str, Any], live: Live) -> Observation:
        rules = live.rules
        if props["feature"] != rules.tier_feature_key:
            return Observation(None, reason="Graph shows no features of an app.")
        if live.connection.tier_probe is None:
            return Observation(
                None, reason=f"Connection {live.connection.name} names no tier_probe to read a header of."
            )
        seen = seen_in(rules, live.reads.tier_header())
        if seen.tier is None:
            return Observation(None, reason=seen.why)
        order = list(rules.tiers)
        if order.index(seen.tier) >= order.index(_today(rules, props["level"])):
            return Observation(met=True, value=seen.tier, source="header")
        return Observation(met=False, value=seen.tier, source="header", reason=f"Meta reports tier {seen.tier}.")

    def step(self, props: Mapping[str, Any], live: Live, seen: Observation) -> NextStep:
        del seen
        rules, level = live.rules, props["level"]
        name = rules.features[props["feature"]].name
        needs = _needs(rules) if props["feature"] == rules.tier_feature_key else ""
        return NextStep(
            what=f"Request {name} at level {level} and submit it to App Review.{needs}",
            **place(live, self.link),
            expect=app_shown(live),
            paste=f"{name}: {rules.features[props['feature']].about}",
            wait=f"Wait for Meta's review of {name}; answer its questions in the dashboard.",
        )

    def live_inputs(self, seen: Observation) -> dict[str, Any]:
        return {"level": seen.value}

    def farewell(self, outs: Mapping[str, Any]) -> str:
        return f"At Meta the app keeps {outs.get('feature')} as it is. Nothing has to be done."


def _is_tier(rules: RuleSet, props: Mapping[str, Any]) -> bool:
    return bool(props.get("feature") == rules.tier_feature_key)


def _today(rules: RuleSet, level: str) -> str:
    """The tier in today's words: a refresh still brings the word of the rule set that the last update had."""
    other = edition_of(level, rules)
    return (word_for(other, rules, level) if other is not None else None) or level


def key_of(rules: RuleSet, feature: Any) -> str | None:
    """Meta's identifier of a feature, from the identifier or the name of this edition."""
    if feature in rules.features:
        return str(feature)
    return next((key for key, row in rules.features.items() if row.name == feature), None)


def _needs(rules: RuleSet) -> str:
    limits = rules.thresholds
    return (
        f" Meta wants {limits.calls} successful Marketing API calls in the last {limits.days} days and an error rate "
        f"below {limits.error_rate:.0%} over {limits.error_window}."
    )


class FeatureRequest(GateResource, provider=FeatureRequestProvider):
    """One feature of the app.

    Args:
        feature: Meta's name or identifier of it.
        level: A word of the rule set in use: a tier for the tier's feature, else a level.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        feature: Input[str],
        level: Input[str],
        evidence: Evidence | None = None,
        owner: Input[str] | None = "",
        opts: ResourceOptions | None = None,
    ) -> None:
        values = {**locals(), "feature": _identified(feature)}
        super().__init__(resource_name, values, opts)


def _identified(feature: Input[str]) -> Input[str]:
    """A feature as its check writes it, in the words of the stack's rules; one that they do not know as it is."""
    if not isinstance(feature, str):
        later: Output[str] = Output.from_input(cast("Any", feature))
        return later.apply(_identified)
    get = config.get_config
    with contextlib.suppress(ConfigError):  # the check says it
        return key_of(_live.rule_set(get(f"{NAMESPACE}rules") or "", get(OVERLAY)), feature) or feature
    return feature
