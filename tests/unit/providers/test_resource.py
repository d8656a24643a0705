"""What the constructors of all resources share: which resource of the program each is, and that it has no twin."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import grpc
import pulumi
import pytest
from pulumi.runtime import mocks, resource, set_mocks, settings
from pulumi.runtime.proto import engine_pb2_grpc

import meta_access as meta
from meta_access.providers import _resource
from meta_access.providers._resource import ProgramError
from tests.texts import lacks

if TYPE_CHECKING:
    from collections.abc import Callable

USER = "pulumi-python:dynamic/meta:SystemUser"


class Part(pulumi.ComponentResource):
    def __init__(self, kind: str, name: str, parent: pulumi.Resource | None = None) -> None:
        super().__init__(f"acme:index:{kind}", name, None, pulumi.ResourceOptions(parent=parent))
        self.below = pulumi.ResourceOptions(parent=self)


class Engine(mocks.Mocks):
    def __init__(self) -> None:
        self.paths: dict[str, str] = {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if "path" in args.inputs:
            self.paths[args.inputs["path"]] = args.name
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        assert args.token == "pulumi:pulumi:readStackResourceOutputs"
        return {"outputs": {}}, []


def run(program: Callable[[], None], engine: Engine | None = None, *, preview: bool = False) -> dict[str, str]:
    """Paths of the resources that a program registers, to their names."""
    engine = engine or Engine()
    asyncio.set_event_loop(asyncio.new_event_loop())
    set_mocks(engine, project="acme", stack="dev", preview=preview)
    mocks.test(program)()  # type: ignore[no-untyped-call]  # pulumi gives it no types
    return engine.paths


def test_a_child_is_told_by_the_types_of_its_parents() -> None:
    def program() -> None:
        meta.SystemUser("user", connection="main", name="one")
        outer = Part("Reporting", "r")
        meta.SystemUser("user", connection="main", name="two", opts=outer.below)
        inner = Part("Trading", "t", outer)
        meta.SystemUser("user", connection="main", name="three", opts=inner.below)

    assert set(run(program)) == {
        f"{USER}::user",
        f"acme:index:Reporting${USER}::user",
        f"acme:index:Reporting$acme:index:Trading${USER}::user",
    }


def test_the_state_keeps_where_a_resource_is_declared_and_not_the_whole_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []

    def noted(trace: Any) -> None:
        sent.append(trace)

    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        else:
            meta.SystemUser("user", connection="main", name="one")

    monkeypatch.setattr(resource, "_get_source_position", noted)
    run(lambda: deep(30))

    [trace] = [one for one in sent if "system_user.py" in str(one)]
    assert [frame.pc.uri.rpartition("/")[2] for frame in trace.frames] == [
        "_resource.py",
        "system_user.py",
        "test_resource.py",
    ]
    assert not hasattr(sys, "tracebacklimit")


class NotMet(grpc.RpcError):  # type: ignore[misc]  # grpc has no types
    def __init__(self, code: grpc.StatusCode) -> None:
        super().__init__()
        self._code = code

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return 'Pulumi CLI version 3.276.0 does not satisfy the version range "<3.261.0"'


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        pytest.param(None, False, id="it fits"),
        pytest.param(grpc.StatusCode.UNKNOWN, True, id="it is too new"),
        pytest.param(grpc.StatusCode.UNIMPLEMENTED, False, id="it is too old to know the question"),
    ],
)
def test_an_engine_that_may_cost_a_living_token_is_refused(
    monkeypatch: pytest.MonkeyPatch, answer: grpc.StatusCode | None, *, refused: bool
) -> None:
    class Run:
        pass

    asked: list[str] = []

    def ask(request: Any) -> None:
        asked.append(request.pulumi_version_range)
        if answer is not None:
            raise NotMet(answer)

    run = Run()
    with grpc.insecure_channel("127.0.0.1:9") as channel:
        engine = engine_pb2_grpc.EngineStub(channel)
        engine.RequirePulumiVersion = ask
        monkeypatch.setattr(settings, "get_monitor", lambda: run)
        monkeypatch.setattr(settings, "get_engine", lambda: engine)

        for _ in range(2):
            if refused:
                with pytest.raises(ProgramError, match=r"would be ended\. Nothing was touched\. Install"):
                    _resource._meet_engine()
            else:
                _resource._meet_engine()

    assert asked == ["<3.261.0"] * (2 if refused else 1)


def test_the_engine_is_spared_the_debug_lines_of_each_resource_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    class Run:
        pass

    sent: list[str] = []
    run, engine = Run(), engine_pb2_grpc.EngineStub(grpc.insecure_channel("127.0.0.1:9"))
    engine.RequirePulumiVersion = lambda _request: None
    engine.Log = lambda request: sent.append(request.message)
    monkeypatch.setattr(settings, "get_monitor", lambda: run)
    monkeypatch.setattr(settings, "get_engine", lambda: engine)

    _resource._meet_engine()
    pulumi.log.debug("registering resource: ty=a:b:C, name=x, custom=True, remote=False")
    pulumi.log.debug("exception when preparing or executing rpc for ty='a:b:C' name='x': ...")
    pulumi.log.debug("somebody's own")
    pulumi.log.info("registering resource: somebody's own")

    assert sent == [
        "exception when preparing or executing rpc for ty='a:b:C' name='x': ...",
        "somebody's own",
        "registering resource: somebody's own",
    ]


@pytest.mark.parametrize(
    ("preview", "end"), [pytest.param(False, " (owed an input)", id="update"), pytest.param(True, "", id="preview")]
)
def test_a_path_says_in_an_update_alone_that_an_input_is_owed(*, preview: bool, end: str) -> None:
    """In a preview of a new stack every id is unknown, and nothing has failed."""

    def program() -> None:
        owed: Any = pulumi.Output.from_input(pulumi.UNKNOWN)
        meta.AppInstallation("plain", connection="main", system_user_id="122090000000777")
        meta.AppInstallation("owed", connection="main", system_user_id=owed)
        inner: Any = ["ANALYZE", owed]
        meta.AssetAssignment("inner", connection="main", system_user_id="1", asset="act_1", tasks=inner)
        gates = {"g": owed}
        meta.AssetAssignment("gated", connection="main", system_user_id="1", asset="act_2", tasks=["A"], requires=gates)

    assert set(run(program, preview=preview)) == {
        "pulumi-python:dynamic/meta:AppInstallation::plain",
        f"pulumi-python:dynamic/meta:AppInstallation::owed{end}",
        f"pulumi-python:dynamic/meta:AssetAssignment::inner{end}",
        "pulumi-python:dynamic/meta:AssetAssignment::gated",
    }


def test_the_path_makes_no_resource_depend_on_its_parent() -> None:
    def program() -> None:
        part = Part("Reporting", "r")
        user = meta.SystemUser("user", connection="main", name="one", opts=part.below)
        meta.AppInstallation("app", connection="main", system_user_id=user.id, opts=part.below)

    assert sorted(run(program).values()) == ["app", "user"]


def twins(make: Callable[[str, pulumi.ResourceOptions], object]) -> str:
    """What is said when two components declare the same thing; neither may be registered, the first one included."""
    said: list[str] = []
    engine = Engine()

    def program() -> None:
        make("first", Part("Reading", "reading").below)
        try:
            make("second", Part("Trading", "trading").below)
        except ProgramError as refused:
            said.append(str(refused))

    with pytest.raises(ProgramError) as ended:
        run(program, engine)
    assert said == [str(ended.value)]
    assert engine.paths == {}
    return said[0]


def test_two_tokens_of_one_secret_are_refused_before_anything_is_registered() -> None:
    def token(scope: str, opts: pulumi.ResourceOptions) -> meta.SystemUserToken:
        return meta.SystemUserToken(
            "token", connection="main", system_user_id=scope, scopes=[scope], secret_name="meta/dev/one", opts=opts
        )

    assert not lacks(twins(token), "token (in reading)", "token (in trading)", "main, meta/dev/one")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda _, opts: meta.SystemUser("user", connection="main", name="reporting", opts=opts),
            "the same system user (main, EMPLOYEE, reporting).",
        ),
        (
            lambda task, opts: meta.AssetAssignment(
                "shop", connection="main", system_user_id="122", asset="act_1", tasks=[task], opts=opts
            ),
            "the same asset assignment (main, 122, act_1).",
        ),
        (
            lambda _, opts: meta.BusinessUser("ines", connection="main", email="ines@lindenhof.example", opts=opts),
            "the same business user (main, ines@lindenhof.example).",
        ),
        (
            lambda url, opts: meta.AppSettings("settings", connection="main", website_url=url, opts=opts),
            "the same app settings (main).",
        ),
        (
            lambda field, opts: meta.WebhookSubscription(
                "hook",
                connection="main",
                object="page",
                callback_url="https://a.example/",
                fields=[field],
                verify_token="env:META_VERIFY_TOKEN",
                opts=opts,
            ),
            "the same webhook subscription (main, page).",
        ),
    ],
    ids=["user", "assignment", "person", "settings", "webhook"],
)
def test_what_a_twin_could_take_is_refused(make: Callable[[str, pulumi.ResourceOptions], object], said: str) -> None:
    assert said in twins(make)


def test_an_output_is_the_same_only_as_itself() -> None:
    def program() -> None:
        users = [meta.SystemUser(name, connection="main", name=name) for name in ("one", "two")]
        for user, part in zip(users, (Part("Reading", "reading"), Part("Trading", "trading")), strict=True):
            meta.AssetAssignment(
                "shop", connection="main", system_user_id=user.id, asset="act_1", tasks=["ANALYZE"], opts=part.below
            )

    def twin() -> None:
        user = meta.SystemUser("one", connection="main", name="one")
        for name in ("shop", "again"):
            meta.AssetAssignment(name, connection="main", system_user_id=user.id, asset="act_1", tasks=["ANALYZE"])

    assert len(run(program)) == 4
    with pytest.raises(ProgramError, match=r"resources shop and again represent"):
        run(twin)


def test_each_run_of_a_process_declares_its_own_things() -> None:
    def program() -> None:
        meta.SystemUser("user", connection="main", name="one")

    assert run(program) == run(program) == {f"{USER}::user": "user"}


def test_a_secret_configuration_is_refused_before_anything_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi.runtime.config, "is_config_secret", lambda key: key == "meta:connections")

    def program() -> None:
        meta.SystemUser("user", connection="main", name="one")

    with pytest.raises(ProgramError, match=r"- meta:connections: is stored as a secret, but previews, reports and"):
        run(program)


OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("delete_before_replace", {"delete_before_replace": True}),
    ("retain_on_delete", {"retain_on_delete": True}),
]


def each_that_ends_access(opts: pulumi.ResourceOptions) -> list[Callable[[], object]]:
    return [
        lambda: meta.SystemUser("user", connection="main", name="one", opts=opts),
        lambda: meta.AssetAssignment(
            "shop", connection="main", system_user_id="122", asset="act_1", tasks=["ANALYZE"], opts=opts
        ),
        lambda: meta.BusinessUser("ines", connection="main", email="ines@lindenhof.example", opts=opts),
        lambda: meta.SystemUserToken(
            "token", connection="main", system_user_id="122", scopes=["ads_read"], secret_name="meta/dev/one", opts=opts
        ),
    ]


@pytest.mark.parametrize(("option", "given"), OPTIONS)
@pytest.mark.parametrize("number", range(4))
def test_options_that_skip_or_hasten_a_delete_are_refused(option: str, given: dict[str, Any], number: int) -> None:
    opts = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(protect=True), pulumi.ResourceOptions(**given))

    with pytest.raises(ProgramError, match=rf"may not have {option} in its options"):
        run(lambda: print(each_that_ends_access(opts)[number]()))


def test_what_goes_with_another_resource_is_refused_with_the_reason() -> None:
    def program() -> None:
        user = meta.SystemUser("user", connection="main", name="one")
        opts = pulumi.ResourceOptions(deleted_with=user)
        meta.SystemUserToken(
            "token", connection="main", system_user_id=user.id, scopes=["a"], secret_name="meta/dev/one", opts=opts
        )

    with pytest.raises(ProgramError) as refused:
        run(program)

    assert not lacks(refused.value, "deleted_with", "token token")


def test_options_of_a_transformation_are_refused_too() -> None:
    def retain(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(retain_on_delete=True))
        return pulumi.ResourceTransformationResult(args.props, opts)

    def program() -> None:
        above = pulumi.ComponentResource("acme:index:Part", "p", None, pulumi.ResourceOptions(transformations=[retain]))
        meta.SystemUser("user", connection="main", name="one", opts=pulumi.ResourceOptions(parent=above))

    with pytest.raises(ProgramError, match=r"retain_on_delete.*Leave it out \(to keep it at Meta: on_destroy: keep\)"):
        run(program)


def test_where_a_delete_ends_nothing_the_options_are_peoples_own() -> None:
    def program() -> None:
        opts = pulumi.ResourceOptions(retain_on_delete=True, delete_before_replace=True)
        meta.AppInstallation("app", connection="main", system_user_id="122", opts=opts)
        meta.BusinessVerification("gate", connection="main", opts=opts)

    assert sorted(run(program).values()) == ["app", "gate"]
