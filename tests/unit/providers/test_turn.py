"""In which order a program's registrations are sent: what keeps access alive need not stand behind what widens it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi.runtime import mocks

import meta_access as meta
from tests.unit.providers.test_resource import Engine, run

if TYPE_CHECKING:
    from collections.abc import Iterator

ENOUGH_S = 30.0


@pytest.fixture(autouse=True)
def thread_for_each(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As many threads as a program of Pulumi's has for registrations on many processors."""
    make_loop = asyncio.new_event_loop
    with ThreadPoolExecutor(64) as pool:

        def loop() -> asyncio.AbstractEventLoop:
            made = make_loop()
            made.set_default_executor(pool)
            return made

        monkeypatch.setattr(asyncio, "new_event_loop", loop)
        yield


class Slow(Engine):
    """Registers an assignment when the token is there, or after a while; notes the names in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[str] = []
        self.token = threading.Event()

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.order.append(args.name)
        if args.name == "token":
            self.token.set()
        elif args.typ.endswith(":AssetAssignment"):
            assert self.token.wait(ENOUGH_S)
        return super().new_resource(args)


def assign(number: int, opts: pulumi.ResourceOptions | None = None) -> meta.AssetAssignment:
    return meta.AssetAssignment(
        f"assignment-{number}",
        connection="main",
        system_user_id="122090000000001",
        asset=f"act_{number}",
        tasks=["ANALYZE"],
        opts=opts,
    )


def test_a_token_is_registered_when_its_inputs_are_known_however_many_assignments_stand_before_it() -> None:
    engine = Slow()

    def program() -> None:
        for number in range(100, 200):
            assign(number)
        user = meta.SystemUser("user", connection="main", name="one")
        app = meta.AppInstallation("app", connection="main", system_user_id=user.id)
        meta.SystemUserToken(
            "token",
            connection="main",
            system_user_id=user.id,
            scopes=["ads_read"],
            secret_name="meta/dev/one",
            opts=pulumi.ResourceOptions(depends_on=[app]),
        )

    assert len(run(program, engine)) == 103
    assert len([name for name in engine.order[: engine.order.index("token")] if name.startswith("assignment")]) == 16


def test_assignments_that_depend_on_one_another_wait_for_no_place() -> None:
    def program() -> None:
        last = assign(100)
        for number in range(101, 140):
            last = assign(number, pulumi.ResourceOptions(depends_on=[last]))

    assert len(run(program)) == 40


def test_a_transformation_may_make_them_depend_on_one_another() -> None:
    def program() -> None:
        made: list[pulumi.Resource] = []

        def after_all_others(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
            opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(depends_on=list(made)))
            return pulumi.ResourceTransformationResult(args.props, opts)

        for number in range(100, 140):
            opts = pulumi.ResourceOptions(transformations=[after_all_others])
            made.append(assign(number, opts))

    assert len(run(program)) == 40


class Refusing(Engine):
    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.asked.append(args.name)
        raise ValueError("no")


def test_one_that_fails_leaves_its_place_to_the_next() -> None:
    engine = Refusing()

    def program() -> None:
        for number in range(100, 140):
            assign(number)

    with pytest.raises(Exception, match="no"):
        run(program, engine)
    assert len(engine.asked) == 40


def test_each_run_of_a_process_has_its_own_places() -> None:
    def program() -> None:
        for number in range(100, 140):
            assign(number)

    assert [len(run(program)) for _ in range(2)] == [40, 40]
