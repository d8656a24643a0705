"""A token that lies in a secret already: taken over as it is, or refused with nothing changed; never ended."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from meta_access.errors import AuthError, ForeignSecretError, SecretStoreError
from meta_access.tokens.adopt import Adopted, adopt
from tests.texts import lacks
from tests.unit.tokens.world import NAME, SPEC, Crash, World, nothing

if TYPE_CHECKING:
    from meta_access.tokens.spec import TokenSpec


@pytest.fixture
def world() -> World:
    """Meta has minted a token, and a person has put it into a secret."""
    made = World()
    put(made, token(made))
    return made


def token(world: World, *, expires: bool = True) -> str:
    minted = world.meta.mint(SPEC.system_user_id, SPEC.scopes, expires=expires, deadline_s=60)
    value: str = minted.get_secret_value()
    return value


def put(world: World, text: str) -> None:
    world.aws.do_create_secret(Name=NAME, ClientRequestToken="by-hand", SecretString=text, Tags=[], Description="")


def adopted(world: World, spec: TokenSpec = SPEC, key: str | None = None) -> Adopted:
    return adopt(world.new_store(), world.meta, spec, key=key, clock=world.time, notify=world.said.append)


def current(world: World) -> str:
    value: str = world.at("AWSCURRENT")["access_token"]
    return value


def test_a_plain_value_becomes_a_token_of_the_protocol_that_up_keeps(world: World) -> None:
    [value] = world.meta.living()

    done = adopted(world)

    assert (done.generation, done.changed) == (1, True)
    assert current(world) == value
    outcome = world.ensure()
    assert (outcome.generation, outcome.superseded) == (1, ())
    assert world.meta.living() == {value}
    assert value not in repr(done) + " ".join(world.said)


@pytest.mark.parametrize("key", [None, "token"])
def test_a_json_key_is_read(key: str | None) -> None:
    world = World()
    value = token(world)
    put(world, json.dumps({key or "access_token": value, "other": "x"}))

    adopted(world, key=key)

    assert current(world) == value


def test_a_second_adoption_changes_nothing(world: World) -> None:
    adopted(world)
    before = world.tags()

    assert not adopted(world).changed
    assert world.tags() == before


@pytest.mark.parametrize("effect", range(8))
def test_after_a_crash_the_second_run_carries_on_with_one_version_of_the_token(world: World, effect: int) -> None:
    [value] = world.meta.living()
    left = [effect]

    def dies(when: str, what: str) -> None:
        if when == "after" and what in {"put_secret_value", "update_secret_version_stage", "tag_resource"}:
            left[0] -= 1
            if left[0] < 0:
                raise Crash

    world.aws.hook = dies
    with contextlib.suppress(Crash):
        adopted(world)
    world.aws.hook = nothing

    adopted(world)

    claim = world.ensure().claim
    world.time.advance(3 * 86_400)
    world.ensure(claim=claim)
    assert world.meta.living() == {value}
    assert current(world) == value


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (replace(SPEC, app_id="1"), "it belongs to app"),
        (replace(SPEC, system_user_id="2"), "it acts as"),
        (replace(SPEC, scopes=(*SPEC.scopes, "pages_manage_ads")), "it lacks pages_manage_ads"),
        (replace(SPEC, expires=False), "it expires, and lifetime says never"),
    ],
)
def test_what_is_not_asked_for_is_refused_and_nothing_changes(world: World, spec: TokenSpec, why: str) -> None:
    world.aws.calls.clear()

    with pytest.raises(ForeignSecretError, match=why) as refused:
        adopted(world, spec)

    assert "Nothing was changed" in str(refused.value)
    assert not {"put_secret_value", "update_secret_version_stage", "tag_resource"} & set(world.aws.calls)
    assert len(world.meta.living()) == 1


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"app": "121"}, "it belongs to app 121, not 120"),
        ({"user": "302"}, "it acts as 302, not 301"),
        ({"type": "USER", "user": "302"}, "it acts as 302, not 301; its type is USER, not SYSTEM_USER"),
        ({"type": "PAGE"}, "its type is PAGE, not SYSTEM_USER"),
        ({"type": "APP", "user": ""}, "it acts as nobody, not 301; its type is APP, not SYSTEM_USER"),
        ({"scopes": ("email",)}, "it lacks ads_read, business_management"),
    ],
    ids=["another app's", "another user's", "a person's", "a Page's", "an app's", "no scope that is asked for"],
)
def test_a_token_of_another_kind_is_refused_and_lives_on(world: World, changed: dict[str, Any], why: str) -> None:
    [value] = world.meta.living()
    for name, told in changed.items():
        setattr(world.meta.tokens[value], name, told)
    before = (world.stages(), world.tags())

    with pytest.raises(ForeignSecretError) as refused:
        adopted(world)

    assert not lacks(refused.value, NAME, why, "`pulumi up`")
    assert (world.stages(), world.tags(), world.meta.living()) == (*before, {value})


def test_a_token_that_meta_does_not_tell_the_app_about_is_another_app_s(world: World) -> None:
    def inspect(_token: object) -> None:
        raise AuthError("Meta refused: not an app you may ask about", code=100)

    world.meta.inspect = inspect  # type: ignore[method-assign, assignment]

    with pytest.raises(ForeignSecretError) as refused:
        adopted(world)

    assert not lacks(refused.value, NAME, "app 120", "`pulumi up`")
    assert len(world.stages()) == 1


def test_a_wrong_app_secret_is_not_taken_for_another_app_s_token(world: World) -> None:
    def refused(*_: object) -> None:
        raise AuthError("The app secret is wrong", code=100)

    world.meta.inspect = refused  # type: ignore[method-assign, assignment]
    world.meta.calling_token = refused  # type: ignore[method-assign, assignment]

    with pytest.raises(AuthError, match="The app secret is wrong"):
        adopted(world)


def test_a_token_that_never_expires_is_no_60_day_one() -> None:
    world = World()
    put(world, token(world, expires=False))

    with pytest.raises(ForeignSecretError, match="it never expires, and lifetime says 60d"):
        adopted(world)


def test_a_dead_token_is_refused(world: World) -> None:
    [value] = world.meta.living()
    world.meta.revoke(SecretStr(value))

    with pytest.raises(ForeignSecretError, match="Meta calls it invalid"):
        adopted(world)


@pytest.mark.parametrize(("text", "key"), [("two words", None), ('{"a": 1}', None), ("[]", "token"), ("{}", "token")])
def test_a_value_without_a_token_is_refused_and_not_quoted(text: str, key: str | None) -> None:
    world = World()
    put(world, text)

    with pytest.raises(SecretStoreError, match="Say with --key") as refused:
        adopted(world, key=key)
    assert text not in str(refused.value)


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ("{0}\u200b", "has U+200B (zero width space) in it"),
        ("{0}\n{0}", "has a line break in it"),
        ("{0}\0", "has U+0000 (a control character) in it"),
        ("{0}\u00e9", "has U+00E9 (latin small letter e with acute) in it"),
        ('"{0}"', "stands in quotes"),
        ("Bearer {0}", "has the word Bearer in front"),
        ("TOKEN={0}", "is NAME=value or a reference, where the bare value is meant"),
    ],
)
def test_an_unclean_token_is_not_adopted_and_not_repeated(form: str, reason: str) -> None:
    world = World()
    value = token(world)
    put(world, json.dumps({"access_token": form.format(value)}))

    with pytest.raises(SecretStoreError, match="Nothing was changed") as refused:
        adopted(world)

    assert not lacks(refused.value, "'access_token'", reason)
    assert value not in str(refused.value)


def test_another_stack_s_secret_is_refused() -> None:
    world = World()
    world.ensure()

    with pytest.raises(ForeignSecretError, match="it belongs to"):
        adopted(world, replace(SPEC, stack="other"))
