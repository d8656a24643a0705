"""The fault matrix finds a bug that is planted in the product: a harness that cannot fail proves nothing."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.engine.projects import CHECKOUT
from tests.faults import batch, scenarios, trials
from tests.faults.bases import Bases
from tests.faults.verdict import Kind

if TYPE_CHECKING:
    from pathlib import Path

# The line that keeps an unanswered mint from being taken for a refused one, which leaves no suspect behind.
DEFINITE = "        if not _definite(error):\n"


def test_an_unanswered_mint_taken_for_a_refusal_leaves_a_token_that_the_matrix_misses(
    tmp_path: Path, engine: Path
) -> None:
    bases = Bases(tmp_path / "bases", engine)
    bases.make("nothing", 1)
    [minting] = [point for point in bases.undisturbed("create", 1) if point.path.endswith("access_tokens$")]
    lost = next(way for way in trials.ALL if way.name == "lost")
    trial = trials.Trial("create", minting, lost)

    assert played(bases, trial) == set()
    assert played(bases, trial, plant=tmp_path / "planted") == {Kind.UNACCOUNTED}


def played(bases: Bases, trial: trials.Trial, *, plant: Path | None = None) -> set[Kind]:
    stand = bases.stand(scenarios.ALL[trial.scenario].base, 1)
    try:
        if plant is not None:
            shutil.copytree(CHECKOUT / "meta_access", plant / "meta_access")
            mint = plant / "meta_access" / "tokens" / "mint.py"
            text = mint.read_text()
            assert text.count(DEFINITE) == 1
            mint.write_text(text.replace(DEFINITE, "        if False:\n"))
            (stand.project.root / "meta_access").unlink()
            (stand.project.root / "meta_access").symlink_to(plant / "meta_access")
        [outcome] = batch.play(stand, [trial]).outcomes
    finally:
        stand.close()
    return {complaint.kind for complaint in outcome.complaints}
