"""Take each line of the protocol out of a copy of the code, and see that its test fails.

The lines are those of docs/token-protocol.md: `python -m tests.unit.vault.mutants [LINE…]`. Exit code 1 names the lines
whose loss no test has noticed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

# Line to (file below meta_access/vault, or meta_access where it names a folder; what stands there; what does without).
MUTANTS: dict[int, tuple[str, str, str]] = {
    1: ("tags.py", 'if tags.get(MANAGED_BY) != "pulumi":', "if False:"),
    2: ("tags.py", "    if found != ask.owner:", "    if False:"),
    3: ("tags.py", "if ask.take_over_from == found or", "if"),
    4: ("opened.py", "            store.restore(described.arn)\n", ""),
    5: ("payload.py", """PLACEHOLDER = '{"generation":0,"state":"empty"}'""", "PLACEHOLDER = '{}'"),
    6: ("opened.py", "ours = claim or str(uuid4())", 'ours = claim or "one"'),
    7: ("observe.py", 'return "" if found == claim else', 'return "" if found else'),
    8: ("secret.py", "merged = {**shown, **self._own}", "merged = {**shown}"),
    9: ("plan.py", "Step(Do.WAIT if ledger.age_s <= LEASE_S else Do.MARK,", "Step(Do.MARK,"),
    10: (
        "work.py",
        'Closed(generation=generation, reason="no answer", suspects=suspects)',
        'Closed(generation=generation, reason="no answer", suspects=())',
    ),
    11: ("view.py", " and secret.token(suspect.generation) is None", ""),
    12: ("plan.py", "        or _adopt(view, ask, run)\n", ""),
    13: ("plan.py", "return Step(Do.REJECT, parked)", "return None"),
    14: (
        "plan.py",
        "    if answer.verdict is Verdict.UNKNOWN:\n        return Step(Do.STOP, parked,",
        "    if answer.verdict is Verdict.UNKNOWN:\n        return Step(Do.REJECT, parked,",
    ),
    15: ("plan.py", "if answer.verdict is Verdict.YES and wanted:", "if False:"),
    16: ("plan.py", "return Step(Do.DONE, view.current) if wanted else", "return"),
    17: ("claim.py", "run=str(uuid4())", 'run="one"'),
    18: ("claim.py", "if work.secret.record(version_id) != intent:", "if False:"),
    19: ("claim.py", "    if not engine_alive():", "    if False:"),
    20: ("claim.py", '        give_up(work, generation, "refused")\n', ""),
    21: ("claim.py", "        if not _definite(error):", "        if False:"),
    22: ("plan.py", "MOST_MINTS = 2", "MOST_MINTS = 3"),
    23: ("store.py", "VersionStages=list(labels)", 'VersionStages=[*labels, "AWSPENDING"]'),
    24: ("work.py", "PARK_FOR_S = 600.0", "PARK_FOR_S = 0.0"),
    25: ("claim.py", "if end_value(work.issuer, record.access_token) is Ended.YES:", "if True:"),
    26: ("plan.py", "late = parked == run.claimed and run.lease_over", "late = False"),
    27: ("plan.py", "        or _fence(view, run)\n", ""),
    28: ("plan.py", "Step(Do.DROP if token.stamps else Do.STAMP, generation)", "Step(Do.DROP, generation)"),
    29: (
        "protocol.py",
        "labels.stamp(generation, self.work.secret.now)",
        "labels.stamp(generation, self._token(generation).issued_at)",
    ),
    30: (
        "plan.py",
        "over = generation not in run.stamped and view.now >= max(token.stamps) + timedelta(seconds=ask.grace_s)",
        "over = True",
    ),
    31: ("ending.py", "return Ended.UNKNOWN if issuer.inspect(token).valid else Ended.YES", "return Ended.UNKNOWN"),
    32: ("plan.py", "        if current and token.stamps:\n            return Step(Do.UNSTAMP, generation)\n", ""),
    33: (
        "ending.py",
        "        if fingerprint(token.get_secret_value()) == issuer.calling_token()[1]:",
        "        if False:",
    ),
    34: ("end.py", "if described.tags.get(tags.CLAIM) != claim:", "if False:"),
    35: ("end.py", "        if _retired(work, view):\n            break", "        break"),
    36: ("end.py", "        case Ended.UNKNOWN:\n            raise", "        case None:\n            raise"),
    37: (
        "plan.py",
        (
            "        if not token.live and (current or not token.stamps):\n"
            "            return Step(Do.RELABEL, generation)\n"
        ),
        "",
    ),
    38: ("plan.py", "    if view.ledger_hidden and view.ledger:", "    if False:"),
    39: (
        "view.py",
        "unlabelled = {g for g in past - known - secret.buried if _readable(secret, g)}",
        "unlabelled = set[int]()",
    ),
    40: ("plan.py", "if answer.dead or answer.verdict is Verdict.UNKNOWN:", "if answer.verdict is Verdict.UNKNOWN:"),
    41: ("secret.py", "return max(told, self._clock.monotonic() - self._seen[version_id])", "return told"),
    42: (
        "plan.py",
        "return 1 + max([self.current, self.ledger.generation if self.ledger else 0, *self.held])",
        "return 1 + self.current",
    ),
    43: ("judgement.py", "if facts.user_id != token.system_user_id:", "if False:"),
    44: ("judgement.py", "return Verdict.UNKNOWN, str(error), None", "return Verdict.NO, str(error), None"),
    45: ("claim.py", "deadline_s=min(MINT_DEADLINE_S, left)", "deadline_s=LEASE_S + 1"),
    46: (
        "ending.py",
        "for label in (PREVIOUS, PENDING, *ours, labels.live(generation)):",
        "for label in (*ours, labels.live(generation)):",
    ),
    47: (
        "providers/_base.py",
        "return DiffResult(changes=bool(self._changed(outs, props)) or self.due(outs, props))",
        'return DiffResult(changes=bool(self._changed(outs, props)) or self.due(outs, props), replaces=["scopes"])',
    ),
    48: ("providers/system_user_token.py", 'left.append({"arn": outs["arn"], "ends_at": ""})', "pass"),
    49: ("providers/_base.py", "if holder := self._holder(outs):", "if holder := None:"),
    50: ("providers/_base.py", "        if other is None:", "        if True:"),
    51: ("providers/_token_rules.py", 'return [("rotate_before", why)] if why else []', "return []"),
    52: ("providers/system_user_token.py", "            credentials_for(connection).forget()", "            pass"),
    53: ("./credentials.py", "                check_pairing(here.graph_url, here.aws, path=path)\n", ""),
    54: ("./validation.py", "return None if _ENVIRONMENT_NAME.fullmatch(name) else", "return None if name else"),
    55: ("graph/client.py", "trust_env = False", "trust_env = True"),
    56: ("graph/client.py", "allow_redirects=False", "allow_redirects=True"),
    57: (
        "graph/access_tokens.py",
        'self._client.get("oauth/revoke", params, in_batch=True)',
        'self._client.get("oauth/revoke", params)',
    ),
    58: (
        "rotation.py",
        "if bound is not None and (beyond := bound.beyond(ask)):",
        "if beyond := list[str]():",
    ),
    59: ("rotation.py", "if own == ask.system_user_id:", "if own is None:"),
    60: ("tags.py", 'if not reads(tags.get(key, ""))]:', "if not tags.get(key)]:"),
    61: ("lambda_handler.py", "    _check_place(policy, region, account, context)\n", ""),
}


def named_in(document: str) -> dict[int, list[str]]:
    """Line to the tests that the table names, as pytest takes them."""
    rows = re.findall(r"^\| (\d+) \| .* \| (.*) \|$", document, re.MULTILINE)
    return {int(line): [_below(name) for name in re.findall(r"`([^`]+)`", cell)] for line, cell in rows}


def _below(test: str) -> str:
    return f"tests/{test}" if "/" in test else f"tests/unit/vault/{test}"


def code(line: int, root: Path = ROOT) -> Path:
    """The file that holds a line."""
    name = MUTANTS[line][0]
    return root / "meta_access" / (name if "/" in name else f"vault/{name}")


def noticed(line: int, tests: list[str]) -> bool:
    """Whether the tests fail on a copy without the line."""
    name, there, instead = MUTANTS[line]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("meta_access", "tests"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        file = code(line, copy)
        text = file.read_text()
        if text.count(there) < 1:
            raise LookupError(f"line {line}: {name} holds no {there!r}")
        file.write_text(text.replace(there, instead))
        words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
        ended = subprocess.run(words, cwd=copy, capture_output=True, text=True, timeout=600, check=False)
    return ended.returncode == 1


def main() -> int:
    wanted = named_in((ROOT / "docs" / "token-protocol.md").read_text())
    chosen = [int(word) for word in sys.argv[1:]] or sorted(MUTANTS)
    unnoticed = []
    for line in chosen:
        found = noticed(line, wanted[line])
        print(f"line {line}: {'noticed' if found else 'NOT NOTICED'}", flush=True)
        unnoticed += [] if found else [line]
    print(f"mutants: {len(chosen)}, not noticed: {unnoticed or 'none'}")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
