"""YAML of somebody unknown: one sentence with file and line, in bounded time and memory."""

from __future__ import annotations

import json
import os
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from meta_access.errors import ConfigError
from meta_access.stack import yaml_files
from meta_access.stack.yaml_files import parse_yaml, read_yaml, surely_fit

if TYPE_CHECKING:
    from pathlib import Path

NAME = "stacks/clients.dev/hostile.yaml"
BOMB = "\n".join(
    ["a: &a [x, x, x, x, x, x, x, x, x]"]
    + [f"{this}: &{this} [{','.join(['*' + before] * 9)}]" for before, this in zip("abcdefg", "bcdefgh", strict=True)]
)
CHAIN = "\n".join(["a0: &a0 [x]"] + [f"a{at}: &a{at} [*a{at - 1}]" for at in range(1, 3000)])
TOKEN = "EAA" + "EMU" + "q7Zk" * 8


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        parse_yaml(text, NAME)
    [problem] = refused.value.problems
    assert problem.path == NAME
    return problem.problem


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BOMB, "it holds more than 50000 values, aliases written out (line 5)."),
        (CHAIN, "it is nested more than 40 levels deep, aliases written out (line 40)."),
        ("\n".join(f"- k{at}" for at in range(50_001)), "it holds more than 50000 values (line 50000)."),
        ("a: &a\n  b: *a\n", "an alias stands inside what it repeats (line 2)."),
        ("&a {*a : 1}\n", "an alias stands inside what it repeats (line 1)."),
        ("a: 1\nb: " + "[" * 3000 + "]" * 3000, "it is nested more than 40 levels deep (line 2)."),
        ("- " * 100_000, "it is nested more than 40 levels deep (line 1)."),
        ("a: 1\nb: 2001-99-99\n", "a day or time that does not exist (line 2)."),
        ("b: 2001-01-01 25:61:61\n", "a day or time that does not exist (line 1)."),
        ("b: " + "9" * 5000, "a number of 5000 characters is none that can be meant; an id stands in quotes (line 1)."),
        ("b: 0x" + "f" * 5000, "a number of 5002 characters is none that can be meant; an id stands in quotes"),
        ("b: 1" + ":59" * 30_000, "a number of 90001 characters is none that can be meant"),
        (f"? {'9' * 5000}\n: 1\n", "a number of 5000 characters is none that can be meant"),
        ("b: .inf\n", "a number that is infinite, or none at all (line 1)."),
        ("b: -.INF\n", "a number that is infinite, or none at all (line 1)."),
        ("b: .nan\n", "a number that is infinite, or none at all (line 1)."),
        ("b: 1.0e+400\n", "a number that is infinite, or none at all (line 1)."),
        ("? [a, b]\n: 1\n", "a key that is no text; put it in quotes (line 1)."),
        ("{a: 1}: 2\n", "a key that is no text; put it in quotes (line 1)."),
        ("a: 1\n? \n: 1\n", "a key that is no text; put it in quotes"),
        ("no: 1\n", "a key that is no text; put it in quotes (line 1)."),
        ("2001-01-01: 1\n", "a key that is no text; put it in quotes (line 1)."),
        ("a: 1\na: 2\n", 'the key "a" is there twice (line 2).'),
        ('1: a\n"1": b\n', 'the key "1" is there twice (line 2).'),
        ('"a\\e[2J": 1\n"a\\e[2J": 2\n', 'the key "a<U+001B>[2J" is there twice (line 2).'),
        (f"{TOKEN}: 1\n{TOKEN}: 2\n", 'the key "[redacted]" is there twice (line 2).'),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "a merge key (<<) is not read here; write its keys out (line 3)."),
        ("a: !!python/name:os x\n", "a tag (!…) is not read here; write the value itself, text in quotes (line 1)."),
        ("a: !!binary aGk=\n", "a tag (!…) is not read here"),
        ("a: !!set {x}\n", "a tag (!…) is not read here"),
        ("a: !!bool maybe\n", "a tag (!…) is not read here"),
        ("%TAG ! tag:x,2000:\n---\na: !y 1\n", "a tag (!…) is not read here"),
        ("a: 1\n--- \nb: 2\n", "but found another document (line 2)."),
        ("a: \0\n", "a character that no text has (line 1)."),
        ("b: 1\na: \x9b2J\n", "a character that no text has (line 2)."),
        ("b: 1\na: \x7f\n", "a character that no text has (line 2)."),
        ('a: "\\ud800"\n', "a character that no text has (line 1)."),
        ('a: "\\ude00\\ud83d"\n', "a character that no text has (line 1)."),
        ('b: 1\na: "\\UFFFFFFFF"\n', "it cannot be parsed (line 2)."),
        ("a: *nobody\n", "found undefined alias 'nobody' (line 1)."),
        ("a: [\n", "expected the node content, but found '<stream end>' (line 2)."),
    ],
)
def test_what_is_no_configuration_is_one_sentence_with_its_line(text: str, told: str) -> None:
    assert refusal(text).startswith(f"is not valid YAML: {told}")


def test_a_bomb_costs_little_memory() -> None:
    tracemalloc.start()
    refusal(BOMB)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 5_000_000


def test_json_may_escape_an_emoji_as_two_halves() -> None:
    assert parse_yaml(json.dumps({"name": "a 😀👩‍💻", "😀": ["😀"]}), NAME) == {"name": "a 😀👩‍💻", "😀": ["😀"]}


def test_what_honest_files_hold_is_read() -> None:
    text = "\ufeffa: &tasks [ANALYZE, DRAFT]\n1: *tasks\nday: 2026-11-24\nnote: |\n  one\n  two\nn: 1204817736400555\n"

    read = parse_yaml(text, NAME)

    assert read["a"] == ["ANALYZE", "DRAFT"]
    assert read["1"] == ["ANALYZE", "DRAFT"]
    assert str(read["day"]) == "2026-11-24"
    assert read["note"] == "one\ntwo\n"
    assert read["n"] == 1204817736400555
    assert parse_yaml("", NAME) is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a: \xff\n", "cannot be read: it is not UTF-8 text."),
        ("a: 1\n".encode("utf-16"), "cannot be read: it is not UTF-8 text."),
        (b"# " + b"x" * 1024 * 1024, "cannot be read: it has more than 1048576 bytes."),
    ],
)
def test_bytes_that_are_no_text_of_ours(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(content)

    with pytest.raises(ConfigError) as refused:
        read_yaml(file, "a.yaml")

    assert str(refused.value.problems[0]).startswith(f"a.yaml: {told}")


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "endless.yaml").symlink_to("/dev/zero")

    for name in ("pipe", "folder", "endless"):
        with pytest.raises(ConfigError, match="cannot be read: it is no file"):
            read_yaml(tmp_path / f"{name}.yaml", name)
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        read_yaml(tmp_path / "absent.yaml", "absent")


@pytest.mark.parametrize(
    ("texts", "most"),
    [(["a: b"], 4), (["a: b", "c: d"], 8), (["{a, b, c}"], 10), (["- - x"], 7), (["? a"], 4), ([], 0)],
)
def test_values_are_bounded_by_the_marks_of_a_text(
    texts: list[str], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_files, "MOST_IN_FOLDER", most)
    assert surely_fit(texts)
    monkeypatch.setattr(yaml_files, "MOST_IN_FOLDER", most - 1)
    assert not surely_fit(texts)


def test_an_alias_has_no_bound() -> None:
    assert not surely_fit(["a: &x b\nc: *x"])
