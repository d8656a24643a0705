"""What `meta-access init` writes: the text of each file of a new project. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import yaml

from meta_access import __version__, rules
from meta_access.cli.stack import schema
from meta_access.rules.model import version_number

if TYPE_CHECKING:
    from collections.abc import Mapping

PROD = "prod"
CI = {"github": ".github/workflows/meta-access.yml", "gitlab": ".gitlab-ci.yml"}
"""Where each forge looks for what it runs."""
PROJECT = """\
name: {name}
description: Meta Marketing API access, as code
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: .venv
stackConfigDir: stacks
options:
  # Every preview and update reads Meta and Secrets Manager first: a preview shows what somebody changed by hand.
  refresh: always
"""
PROGRAM = '''\
"""The program Pulumi runs: the standard one of meta-access, on the files in stacks/."""

from meta_access.components import program

program.run()
'''
PACK = """\
# pulumi preview --policy-pack policy-pack
description: Rules of good practice of meta-access
runtime:
  name: python
  options:
    toolchain: pip
    # The program's own: the pack needs nothing else.
    virtualenv: ../.venv
"""
PACK_PROGRAM = '''\
"""The policy pack that the engine runs: the rules of meta-access, and those that a stack's meta:policy adds."""

from meta_access.components import policy_pack

policy_pack.run()
'''
IGNORED = "/.venv/\n__pycache__/\n"
EMULATED = """\
# yaml-language-server: $schema=../schema/stack.json
# The embedded Meta and Secrets Manager of `meta-access emulator`: fake tokens only, nothing leaves this machine.
config:
  meta:environment: {environment}
  meta:rules: "{rules}"
  meta:connections:
    main:
      business: lindenhof
      app: ads
      graph_url: {graph_url}
      api_version: {api_version}
      # "emulator:" asks the emulator for its fake credentials, and works on this machine only.
      app_secret: "emulator:"
      admin_token: "emulator:"
      aws: {{region: eu-central-1, endpoint_url: "{aws_url}"}}
  meta:businesses:
    lindenhof: {{id: "178000000000101", name: Lindenhof Media}}
  meta:apps:
    ads: {{id: "120480000000201", claimed_by: lindenhof, tier: limited, permissions: {{standard: [ads_read]}}}}
  meta:identities:
    reporting: {{use_case: read_reports}}
  meta:clients_dir: clients.{stack}
"""
CLIENT = """\
# yaml-language-server: $schema=../../schema/client.json
# The business's own ad account; a client's assets have `access: partner` or `access: login`.
access: own
assets:
  act_104320000000501: {reporting: [ANALYZE]}
"""
REAL = """\
# yaml-language-server: $schema=../schema/stack.json
config:
  meta:environment: {environment}
  meta:rules: "{rules}"
{confirmed}  meta:connections:
    main:
      business: ours
      app: ads
      api_version: {api_version}
      # References, never values. `meta-access bootstrap` makes an admin system user, and says what to write instead.
      app_secret: env:META_APP_SECRET
      admin_token: env:META_ADMIN_TOKEN
      aws: {{region: {region}}}
  meta:businesses:
    ours: {{id: "{business}"}}
  meta:apps:
    ads: {{id: "{app}", claimed_by: ours, tier: limited, permissions: {{standard: [ads_read]}}}}
"""


@dataclass(frozen=True, slots=True)
class Emulated:
    """The addresses of the emulator."""

    graph_url: str
    aws_url: str


@dataclass(frozen=True, slots=True)
class Real:
    """Meta itself, and AWS: the ids of the business and of the app, and the region of the secrets."""

    business: str
    app: str
    region: str


def files(name: str, stack: str, against: Emulated | Real, *, forge: str = "") -> Mapping[str, str]:
    """Path to text, of everything in a project of that name with one stack; `forge` is one of `CI`, or none."""
    common = {
        "stack": stack,
        "environment": _scalar(stack),
        "rules": rules.newest(),
        "api_version": max(rules.load(rules.newest()).api_versions, key=version_number),
    }
    file = f"stacks/Pulumi.{stack}.yaml"
    if isinstance(against, Real):
        confirmed = "" if stack == PROD else "  # It calls Meta itself, and every call acts on production data.\n"
        confirmed += "" if stack == PROD else "  meta:confirm_real_graph: true\n"
        given = {"business": against.business, "app": against.app, "region": against.region}
        declared = {file: REAL.format(**common, **given, confirmed=confirmed)}
        extra = ""
    else:
        emulated = EMULATED.format(**common, graph_url=against.graph_url, aws_url=against.aws_url)
        declared = {file: emulated, f"stacks/clients.{stack}/lindenhof.yaml": CLIENT}
        extra = "[emulator]"
    return {
        "Pulumi.yaml": PROJECT.format(name=_scalar(name)),
        "__main__.py": PROGRAM,
        "policy-pack/PulumiPolicy.yaml": PACK,
        "policy-pack/__main__.py": PACK_PROGRAM,
        "requirements.txt": f"meta-access{extra}=={__version__}\n",
        ".gitignore": IGNORED,
        **{f"schema/{which}.json": schema.text_of(which) for which in schema.SCHEMAS},
        **declared,
        **({CI[forge]: _pipeline(forge, stack)} if forge else {}),
    }


def _pipeline(forge: str, stack: str) -> str:
    text = resources.files(__package__).joinpath("ci_files", f"{forge}.yml").read_text(encoding="utf-8")
    text = re.sub(r": your-stack$", f": {_scalar(stack)}", text, flags=re.MULTILINE)
    return text.replace("your-stack", stack)


def _scalar(text: str) -> str:
    """A name as YAML, where `on`, `null` and `2026` are no text; readers of YAML differ in what else is none."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]+", text) and yaml.safe_load(text) == text
    return text if plain else json.dumps(text)
