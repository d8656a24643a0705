"""The rotation function's zip: complete, small, the same each time."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

from tools.workspace import lambda_zip
from tools.workspace.environment import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# What AWS's Python runtime brings.
RUNTIME = {"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"}
BROUGHT = {
    "annotated_types", "certifi", "charset_normalizer", "idna", "pydantic", "pydantic_core", "requests",
    "typing_extensions", "typing_inspection", "urllib3",
}  # fmt: skip


def test_the_zip_is_the_same_twice_and_holds_no_boto3_and_no_pulumi(tmp_path: Path) -> None:
    lambda_zip.install(tmp_path / "dependencies")
    for name in ("one.zip", "two.zip"):
        lambda_zip.write(tmp_path / name, tmp_path / "dependencies")

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as made:
        names = made.namelist()
    tops = {name.split("/")[0].removesuffix(".py") for name in names if ".dist-info/" not in name}
    assert {top for top in tops if not top.startswith("_") and "." not in top} - {"meta_access"} <= BROUGHT | {
        "81d243bd2c585b0f4821__mypyc"
    }
    assert tops >= BROUGHT
    assert "meta_access/vault/lambda_handler.py" in names
    folders = {name.split("/")[1] for name in names if name.startswith("meta_access/") and name.count("/") > 1}
    assert folders == {"graph", "stack", "tokens", "vault"}


def test_what_the_handler_imports_is_in_the_zip_or_in_the_runtime(tmp_path: Path) -> None:
    for name in lambda_zip.own_files():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import {lambda_zip.HANDLER} as handler\n"
        f"assert handler.__file__.startswith({str(tmp_path)!r}), handler.__file__\n"
        "own = sys.stdlib_module_names\n"
        "loaded = [(n.split('.')[0], str(getattr(m, '__file__', ''))) for n, m in list(sys.modules.items())]\n"
        "found = {top for top, file in loaded if 'site-packages' in file}\n"
        "print(' '.join(sorted(found - own)))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)

    found = {top for top in done.stdout.split() if not top.endswith("__mypyc") and not top.startswith("_")}
    assert found <= BROUGHT | RUNTIME
