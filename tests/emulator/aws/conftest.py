from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulator.aws.bench import Bench, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_secretsmanager import SecretsManagerClient


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with served(tmp_path / "secretsmanager.json") as found:
        yield found


@pytest.fixture
def sm(bench: Bench) -> SecretsManagerClient:
    return bench.sm
