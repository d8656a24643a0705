"""What `make mutants` changes: each line of protocol.md, and everything in the modules that only decide.

A line's place is a function and what stands in it, as syntax (`tools/workspace/mutants.py`); its tests are those that
the table of the document names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tools.workspace.mutants import Mutant, PlaceError, every, named

if TYPE_CHECKING:
    from pathlib import Path


class Line(NamedTuple):
    """Where a line of the protocol stands in the code, and what stands there without it.

    Attributes:
        file: Below `meta_access`.
        function: Empty for a constant of the module.
        there: `...` in it stands for anything.
        instead: Empty takes the statement out.
    """

    file: str
    function: str
    there: str
    instead: str = ""


LINES: dict[int, Line] = {
    1: Line("tokens/tags.py", "check_owner", 'tags.get(MANAGED_BY) != "pulumi"', "False"),
    2: Line("tokens/tags.py", "check_owner", "found != spec.owner", "False"),
    3: Line("tokens/tags.py", "check_owner", "spec.take_over_from == found", "False"),
    4: Line("tokens/open.py", "open_secret", "store.restore(described.arn)"),
    5: Line("tokens/payload.py", "", "PLACEHOLDER = ...", 'PLACEHOLDER = "{}"'),
    6: Line("tokens/open.py", "open_secret", "str(uuid4())", '"one"'),
    7: Line("tokens/observe.py", "_claim", "found == claim", "found"),
    8: Line("tokens/secret.py", "Secret._apply", "{**shown, **self._own}", "{**shown}"),
    9: Line("tokens/plan.py", "settle", "Do.WAIT if ledger.age_s <= LEASE_S else Do.MARK", "Do.MARK"),
    10: Line("tokens/work.py", "Work.mark", "suspects=suspects", "suspects=()"),
    11: Line("tokens/secret.py", "suspects_of", "secret.token(suspect.generation) is None", "True"),
    12: Line("tokens/plan.py", "next_step", "_adopt(view, spec, run)", "None"),
    13: Line("tokens/plan.py", "_adopt", "return Step(Do.REJECT, parked)", "return None"),
    14: Line(
        "tokens/plan.py",
        "_adopt",
        "Step(Do.STOP, parked, Why.PARKED_UNKNOWN)",
        "Step(Do.REJECT, parked, Why.PARKED_UNKNOWN)",
    ),
    15: Line("tokens/plan.py", "_enough", "answer.verdict is Verdict.YES and wanted", "False"),
    16: Line(
        "tokens/plan.py",
        "_enough",
        "Step(Do.DONE, view.current) if wanted else ...",
        "Step(Do.STOP, view.current, Why.CURRENT_UNKNOWN)",
    ),
    17: Line("tokens/mint.py", "reserve", "str(uuid4())", '"one"'),
    18: Line("tokens/mint.py", "reserve", "work.secret.record(version_id) != intent", "False"),
    19: Line("tokens/mint.py", "_check_engine", "not engine_alive()", "False"),
    20: Line("tokens/mint.py", "mint", 'give_up(work, generation, "refused")'),
    21: Line("tokens/mint.py", "mint", "not _definite(error)", "False"),
    22: Line("tokens/plan.py", "", "MOST_MINTS = ...", "MOST_MINTS = 3"),
    23: Line("tokens/store.py", "SecretStore.put", "list(labels)", '[*labels, "AWSPENDING"]'),
    24: Line("tokens/work.py", "", "PARK_FOR_S = ...", "PARK_FOR_S = 0.0"),
    25: Line("tokens/mint.py", "_unparked", "end_value(work.issuer, record.access_token) is Ended.YES", "True"),
    26: Line("tokens/plan.py", "_adopt", "parked == run.claimed and run.lease_over", "False"),
    27: Line("tokens/plan.py", "next_step", "_fence(view, run)", "None"),
    28: Line("tokens/plan.py", "_tidy", "Do.DROP if token.stamps else Do.STAMP", "Do.DROP"),
    29: Line("tokens/run.py", "Run._stamp", "self.work.secret.now", "self._token(generation).issued_at"),
    30: Line("tokens/plan.py", "_retire", "generation not in run.stamped and ...", "True"),
    31: Line(
        "tokens/delete.py", "end_value", "Ended.UNKNOWN if issuer.inspect(token).valid else Ended.YES", "Ended.UNKNOWN"
    ),
    32: Line("tokens/plan.py", "_repair", "current and token.stamps", "False"),
    33: Line(
        "tokens/delete.py", "end_value", "fingerprint(token.get_secret_value()) == issuer.calling_token()[1]", "False"
    ),
    34: Line("tokens/delete.py", "_work", "described.tags.get(tags.CLAIM) != claim", "False"),
    35: Line("tokens/delete.py", "_end", "_retired(work, view)", "True"),
    36: Line("tokens/delete.py", "_end_one", "Ended.UNKNOWN", "None"),
    37: Line("tokens/plan.py", "_repair", "not token.live and (current or not token.stamps)", "False"),
    38: Line("tokens/plan.py", "_repair", "view.ledger_hidden and view.ledger", "False"),
    39: Line(
        "tokens/secret.py", "view_of", "{g for g in past - known - secret.buried if _readable(secret, g)}", "set[int]()"
    ),
    40: Line(
        "tokens/plan.py",
        "_repair",
        "answer.dead or answer.verdict is Verdict.UNKNOWN",
        "answer.verdict is Verdict.UNKNOWN",
    ),
    41: Line("tokens/secret.py", "Secret.age_s", "max(by_date, ...)", "by_date"),
    42: Line("tokens/plan.py", "View.next_generation", "1 + max(...)", "1 + self.current"),
    43: Line("tokens/issuer.py", "faults", "facts.user_id != token.system_user_id", "False"),
    44: Line(
        "tokens/issuer.py", "judge", "return Verdict.UNKNOWN, str(error), None", "return Verdict.NO, str(error), None"
    ),
    45: Line("tokens/mint.py", "mint", "min(MINT_DEADLINE_S, left)", "LEASE_S + 1"),
    46: Line(
        "tokens/delete.py",
        "bury",
        "(PREVIOUS, PENDING, *ours, labels.live(generation))",
        "(*ours, labels.live(generation))",
    ),
    47: Line("providers/_base.py", "MetaProvider.diff", "replaces=...", 'replaces=["scopes"]'),
    48: Line(
        "providers/system_user_token.py",
        "SystemUserTokenProvider.change",
        'left.append({"arn": outs["arn"], "ends_at": ""})',
    ),
    49: Line("providers/_base.py", "MetaProvider.delete", "(holder := self._holder(outs))", "(holder := None)"),
    50: Line("providers/_base.py", "MetaProvider._enter", "other is None", "True"),
    51: Line("providers/_token_rules.py", "_times", 'return [("rotate_before", why)] if why else []', "return []"),
    52: Line("providers/system_user_token.py", "_forget_old_credential", "credentials_for(connection).forget()"),
    53: Line("stack/credentials.py", "Credentials._resolved", "check_pairing(here.graph_url, here.aws, path=path)"),
    54: Line("validation.py", "_env_reason", "_ENVIRONMENT_NAME.fullmatch(name)", "name"),
    55: Line("graph/client.py", "_new_session", "session.trust_env = False", "session.trust_env = True"),
    56: Line("graph/client.py", "GraphClient._send", "allow_redirects=False", "allow_redirects=True"),
    57: Line("graph/issuer.py", "TokenIssuer.revoke", "in_batch=True", "in_batch=False"),
    58: Line(
        "tokens/aws_rotation.py",
        "_Rotation._check",
        "bound is not None and (beyond := bound.beyond(spec))",
        "(beyond := list[str]())",
    ),
    59: Line("tokens/aws_rotation.py", "_Rotation._check", "own == spec.system_user_id", "own is None"),
    60: Line("tokens/tags.py", "wish", 'not reads(tags.get(key, ""))', "not tags.get(key)"),
    61: Line("vault/lambda_handler.py", "_rotate", "_check_place(policy, region, account, context)"),
}

# Every change of these is made, and the tests that follow must notice: those that say most, first.
_PLAN = (
    "tests/unit/tokens/test_plan_steps.py",
    "tests/unit/tokens/test_protocol.py",
    "tests/unit/tokens/test_revocation.py",
    "tests/unit/tokens/test_aws_rotation.py",
)
_GATES = (
    "tests/unit/gates/test_status.py",
    "tests/unit/gates/test_evidence.py",
    "tests/unit/stack/test_gate_order.py",
    "tests/unit/stack/test_plan.py",
    "tests/unit/components/test_gate_board.py",
    "tests/unit/providers/test_app_roles.py",
    "tests/unit/providers/test_other_gates.py",
)
DECIDING: dict[str, tuple[str, ...]] = {
    "tokens/plan.py": _PLAN,
    "gates/status.py": _GATES,
    "gates/evidence.py": _GATES,
    "stack/gate_names.py": _GATES,
}

# File, function and change of what nobody can notice, and why; the number of the source's line is left out.
EQUIVALENT: dict[str, str] = {
    "gates/status.py decide `previous is not None and kept` -> `kept`": "kept says it already; the types ask for both",
    'gates/status.py _reason `observation.met is False and record.fresh and record.says == "satisfied"` -> '
    "`record.fresh and record.says == 'satisfied'`": "without a reading such a statement satisfies the gate",
    'gates/evidence.py _unbound `""` -> `None`': "its one caller asks whether there is a fault",
    "stack/gate_names.py before `one in first and one != gate` -> `one in first`": "no gate is named by itself today",
}


def all_of(root: Path) -> tuple[list[Mutant], list[str]]:
    """Every mutant of a checkout, and a sentence for each line of the protocol whose place is gone."""
    table = named_in((root / "tests" / "unit" / "tokens" / "protocol.md").read_text(encoding="utf-8"))
    found, gone = [], []
    for number, line in LINES.items():
        file = f"meta_access/{line.file}"
        name = f"line {number} ({line.file}, {line.function or 'module'})"
        try:
            text = named((root / file).read_text(encoding="utf-8"), line.function, line.there, line.instead)
        except (OSError, PlaceError) as error:
            gone.append(f"{name}: {error}")
        else:
            found.append(Mutant(name=name, file=file, text=text, tests=tuple(table.get(number, ()))))
    for name, tests in DECIDING.items():
        file = f"meta_access/{name}"
        source = (root / file).read_text(encoding="utf-8")
        here = tuple(test for test in tests if (root / test).is_file())
        found += [Mutant(name=f"{name} {what}", file=file, text=text, tests=here) for what, text in every(source)]
    return found, gone


def equivalent(name: str) -> bool:
    """Whether a survivor is one that nobody can notice."""
    return re.sub(r":\d+ ", " ", name, count=1) in EQUIVALENT


def named_in(document: str) -> dict[int, list[str]]:
    """Line to the tests that the table names, as pytest takes them."""
    rows = re.findall(r"^\| (\d+) \| .* \| (.*) \|$", document, re.MULTILINE)
    return {int(line): [_below(name) for name in re.findall(r"`([^`]+)`", cell)] for line, cell in rows}


def _below(test: str) -> str:
    return f"tests/{test}" if "/" in test else f"tests/unit/tokens/{test}"
