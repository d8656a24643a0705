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

# Line to (file in meta_access/vault, what stands there, what stands there without the line).
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
}


def named_in(document: str) -> dict[int, list[str]]:
    """Line to the tests that the table names, as pytest takes them."""
    rows = re.findall(r"^\| (\d+) \| .* \| (.*) \|$", document, re.MULTILINE)
    return {int(line): [f"tests/unit/vault/{name}" for name in re.findall(r"`([^`]+)`", cell)] for line, cell in rows}


def noticed(line: int, tests: list[str]) -> bool:
    """Whether the tests fail on a copy without the line."""
    name, there, instead = MUTANTS[line]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("meta_access", "tests"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        file = copy / "meta_access" / "vault" / name
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
