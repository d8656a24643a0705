"""What the constructors of all resources share: which resource of the program this is, and that no other is the same.

Here the program runs, not the plugin host. What constructors have scheduled is registered after the program has run, or
failed: so a twin refuses both, whichever came first, and the engine hears of neither.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import grpc
import pulumi
from pulumi import ResourceOptions
from pulumi.dynamic import Resource
from pulumi.runtime import config, settings
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from meta_access import snapshot
from meta_access.engine_marks import FIRST_UNFIT_ENGINE
from meta_access.errors import ConfigError, MetaAccessError
from meta_access.providers._declaration import declaration_of
from meta_access.providers._refusal import OWED, fails_if_refused, hook_is_registered, lacks_inputs
from meta_access.providers._turn import Turn
from meta_access.stack.connections import PARTS
from meta_access.stack.files import NAMESPACE, secret_problems

if TYPE_CHECKING:
    from meta_access.providers._base import MetaProvider
    from meta_access.providers._declaration import Declaration

_STACK = "pulumi:pulumi:Stack"
_FRAMES = 8
"""The SDK's own, those of the resource's class, and the one that declares it."""

_ROUTINE = (
    "registering resource: ",
    "beginning rpc ",
    "resource registration ",
    "register resource outputs prepared: ",
)
"""How the SDK's debug lines begin that tell of each resource that all goes as usual (SDK 3.272.0)."""

_WHYS = {
    "delete_before_replace": "A replacement would take access away before it gives it anew.",
    "deleted_with": "Pulumi would forget it without ending it, and what it gives would live on unrecorded.",
    "retain_on_delete": "Pulumi would forget it without ending it, and `meta-access orphans` would end it unasked.",
}
_SNAPSHOT = (
    "META_ACCESS_SNAPSHOT: nothing is asked of Meta or of Secrets Manager. What they show is as of {}. What it does "
    "not hold is unknown, and stands as the state has it."
)
_INSTEAD = " (to keep it at Meta: on_destroy: keep)"


class ProgramError(MetaAccessError, pulumi.RunError):
    """The program declares what cannot be; Pulumi prints the sentence and no stack trace."""


@dataclass(slots=True)
class _Declared:
    """A resource as its constructor has declared it; `refused` says why it may not be registered."""

    shown: str
    refused: str = ""


# By run of a program: a process may run several (Automation API), and each declares its own things.
_declared: weakref.WeakKeyDictionary[Any, dict[tuple[Any, ...], _Declared]] = weakref.WeakKeyDictionary()
# The runs whose engine is known to fit.
_fit: weakref.WeakSet[Any] = weakref.WeakSet()
# The runs that have said which snapshot they go by.
_told: weakref.WeakSet[Any] = weakref.WeakSet()


class MetaResource(Resource):
    """Base of every resource.

    A subclass is its declaration (see `_declaration`): a constructor with each input as a keyword, and an annotation
    for each output. Its constructor passes its `locals()` on, so that no name is written again.

    One of its inputs is its own: `path`, the end of its URN (the types of its parents, its type and its name), which
    tells it from a resource of the same name in another component.

    Args:
        connection: Name of an entry of `meta:connections`: one business, one app, their credentials.
    """

    provider: ClassVar[type[MetaProvider]]
    declaration: ClassVar[Declaration]

    def __init_subclass__(cls, provider: type[MetaProvider] | None = None) -> None:
        """A resource by its provider's class, which learns here what the resource takes; without one a base."""
        super().__init_subclass__(module="meta", name=cls.__name__)
        cls.declaration = declaration_of(cls, MetaResource)
        if provider is not None:
            cls.provider = provider
            provider.declaration = cls.declaration

    def __init__(self, resource_name: str, values: Mapping[str, Any], opts: ResourceOptions | None, **own: str) -> None:
        """Declare the resource.

        Args:
            resource_name: Its name in the program.
            values: What the constructor was given, under the names of the inputs; others are not looked at.
            opts: Of the resource.
            own: Inputs that a constructor gives by itself.
        """
        _meet_engine()
        _refuse_secret_configuration()
        _go_by_snapshot()
        provider = self.provider()
        outputs = dict.fromkeys([*provider.own, *(output.name for output in self.declaration.outputs)])
        props = {**outputs, **provider.own, **self.declaration.asked(values), **own}
        parent = opts.parent if opts is not None else None
        declared = _declare(provider, resource_name, props, parent)
        turn = self._turn = Turn() if provider.in_turn else None
        path = _path(f"pulumi-python:{self._resource_type_name}::{resource_name}", props, parent, declared, turn)
        asked = {**props, **self._as_last_update_left(path), "path": path}
        self._declared_by = provider, resource_name
        with _short_stack_trace():
            super().__init__(provider, resource_name, asked, fails_if_refused(opts))
        if turn is not None:
            turn.end_with(self.urn)

    def _as_last_update_left(self, path: pulumi.Output[str]) -> dict[str, Any]:
        """Inputs that only a check knows, as the last one wrote them: the engine would show them as taken out."""
        del path
        return {}

    def _get_providers(
        self, t: str, pkg: str | None, opts: ResourceOptions
    ) -> tuple[pulumi.ProviderResource | None, Mapping[str, pulumi.ProviderResource]]:
        # Pulumi calls this with the options as all transformations have left them; nothing else shows these.
        _refuse_options(*self._declared_by, opts)
        if self._turn is not None:
            self._turn.waits = not opts.depends_on
        return super()._get_providers(t, pkg, opts)


@contextlib.contextmanager
def _short_stack_trace() -> Iterator[None]:
    """Cut what the state keeps of where a resource was declared: the whole stack of calls, asyncio's frames included.

    It was a third of the state, which the engine writes anew with every step: a refresh of 350 resources took half as
    much again of the processor. Python's own limit is what the SDK's look at the stack goes by (SDK 3.272.0).
    """
    before = getattr(sys, "tracebacklimit", None)
    sys.tracebacklimit = _FRAMES
    try:
        yield
    finally:
        if before is None:
            del sys.tracebacklimit
        else:
            sys.tracebacklimit = before


def _refuse_options(provider: MetaProvider, name: str, opts: ResourceOptions) -> None:
    """Options of the engine that skip a delete, or put it before the create, where a delete takes access away."""
    given = {
        "delete_before_replace": opts.delete_before_replace,
        "deleted_with": opts.deleted_with,
        "retain_on_delete": opts.retain_on_delete,
    }
    found = [option for option, value in given.items() if value]
    if found and provider.ends_access:
        whys = " ".join(_WHYS[option] for option in found)
        raise ProgramError(
            f"{provider.kind} {name} may not have {', '.join(found)} in its options, nor get it from a transformation. "
            f"{whys} Leave it out{_INSTEAD if 'on_destroy' in provider.inputs else ''}."
        )


def _path(
    end: str,
    props: Mapping[str, Any],
    parent: pulumi.Resource | None,
    declared: _Declared,
    turn: Turn | None,
) -> pulumi.Output[str]:
    async def value() -> str:
        if declared.refused:
            await hook_is_registered()
            raise ProgramError(declared.refused)
        try:
            urn = str(await parent.urn.future()) if parent is not None else ""
        except Exception:  # noqa: BLE001 - the registration of the child meets the same one, and tells it
            urn = ""
        types = urn.split("::")[2].removeprefix(_STACK).removeprefix("$") if urn.count("::") > 1 else ""
        path = f"{types}${end}" if types else end
        owed = await lacks_inputs(props)
        if turn is not None:
            await turn.begin()
        return f"{path}{OWED}" if owed else path

    async def known() -> bool:
        return True  # the engine tells a URN in previews, too

    # Without a dependency: a dependency on a component is one on all its children, this one among them.
    return pulumi.Output(set(), asyncio.ensure_future(value()), asyncio.ensure_future(known()))


def _meet_engine() -> None:
    """Refuse an engine on which a failed neighbour may cost a living token; another one is spared the SDK's routine.

    Once in a run of a program.
    """
    run, engine = settings.get_monitor(), settings.get_engine()
    if run is None or run in _fit or not isinstance(engine, engine_pb2_grpc.EngineStub):
        return  # asked already, or pulumi's mocks
    too_new = ".".join(map(str, FIRST_UNFIT_ENGINE))
    try:
        engine.RequirePulumiVersion(engine_pb2.RequirePulumiVersionRequest(pulumi_version_range=f"<{too_new}"))
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.UNIMPLEMENTED:  # what does not know the question is old
            refused = ProgramError(
                f"This engine is pulumi {too_new} or newer ({error.details()}). It no longer checks what depends on a "
                "failed resource, so that a token which moves behind one would be ended. Nothing was touched. Install "
                "pulumi 3.260.0, or a newer meta-access."
            )
            raise refused from None
    _fit.add(run)
    _leave_out_routine(engine)


def _leave_out_routine(engine: engine_pb2_grpc.EngineStub) -> None:
    """Do not send the SDK's four debug lines on each resource, for each of which it waits until the engine has it.

    With 350 resources they took 2.4 of a preview's 6.7 s (sampled). What they say the engine's own log says, too.
    """
    log = engine.Log

    def send(request: engine_pb2.LogRequest) -> Any:
        routine = request.severity == engine_pb2.DEBUG and request.message.startswith(_ROUTINE)
        return None if routine else log(request)

    engine.Log = send


def _refuse_secret_configuration() -> None:
    # Once more here, since a program of people's own reads no stack file.
    secret = [key for name in PARTS if config.is_config_secret(key := f"{NAMESPACE}{name}")]
    if problems := secret_problems(secret, None):
        raise ProgramError(str(ConfigError(problems)))


def _go_by_snapshot() -> None:
    """Refuse an update from a snapshot, and say once of which moment it is, whosever program this is."""
    run = settings.get_monitor()
    try:
        shown = snapshot.given()
        if shown is not None:
            shown.check_run(pulumi.get_project(), pulumi.get_stack(), dry_run=pulumi.runtime.is_dry_run())
    except MetaAccessError as error:
        refused = ProgramError(str(error))
    else:
        if shown is not None and run is not None and run not in _told:
            _told.add(run)
            pulumi.log.warn(_SNAPSHOT.format(shown.sentence(datetime.now(UTC))))
        return
    raise refused


def _declare(provider: MetaProvider, name: str, props: Mapping[str, Any], parent: pulumi.Resource | None) -> _Declared:
    run, identity = settings.get_monitor(), [props.get(part) for part in provider.identified_by]
    declared = _Declared(name if parent is None else f"{name} (in {parent.pulumi_resource_name})")
    # Texts compare by value; an output (`user.id`) only with itself, since nobody knows its value yet.
    if run is None or not all(isinstance(part, (str, pulumi.Output)) for part in identity):
        return declared
    first = _declared.setdefault(run, {}).setdefault((type(provider), *identity), declared)
    if first is not declared:
        said = ", ".join(part for part in identity if isinstance(part, str))
        first.refused = (
            f"resources {first.shown} and {declared.shown} represent the same {provider.kind} ({said}). "
            "Neither was touched. Remove one of them, or let both use the one that is declared."
        )
        raise ProgramError(first.refused)
    return declared
