"""Pages for people: what a text may contain, and what a page may do."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from meta_access import html
from meta_access.html import Markup, element, joined, link, text


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("\"'&amp;", "&quot;&#x27;&amp;amp;"),
        ("a\u202eb\u200bc", "a&lt;U+202E&gt;b&lt;U+200B&gt;c"),
        ("one\ntwo\tthree", "one two three"),
        ("Käse 🧀 שלום", "Käse 🧀 שלום"),
        ("EAA" + "B" * 20, "[redacted]"),
        ("</style></title><!--", "&lt;/style&gt;&lt;/title&gt;&lt;!--"),
    ],
)
def test_a_text_is_escaped_masked_and_on_one_line(given: str, shown: str) -> None:
    assert text(given) == shown
    assert element("td", given, title=given) == f'<td title="{shown}">{shown}</td>'
    assert shown in html.document(given, [element("p", given)])


def test_elements_nest_and_attributes_follow_their_values() -> None:
    inner = element("b", "a & b", class_="x", aria_label=None, hidden=True, open=False, tabindex=0)

    assert inner == '<b class="x" hidden tabindex="0">a &amp; b</b>'
    assert element("p", inner, " <", id="y") == f'<p id="y">{inner} &lt;</p>'
    assert element("input", name="q", data_for_all=True) == '<input name="q" data-for-all>'
    assert joined([inner, "<"], Markup("<br>")) == f"{inner}<br>&lt;"


@pytest.mark.parametrize("to", ["javascript:alert(1)", "data:text/html,x", "http://meta.example", "//x.example", ""])
def test_only_an_address_of_the_web_is_a_link(to: str) -> None:
    assert link(to, "here") == "here"
    assert link('https://meta.example/?a="b', "here") == (
        '<a href="https://meta.example/?a=&quot;b" rel="noreferrer">here</a>'
    )


def digest(inline: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"


def test_a_page_s_policy_allows_its_own_style_and_script_alone() -> None:
    page = html.document("Access", [element("p", "x")], style="p { color: red; }", script="let a = 1;")

    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert style.endswith("p { color: red; }")
    assert "<script>let a = 1;</script>" in page
    assert policy == (
        f"default-src 'none'; style-src {digest(style)}; img-src data:; base-uri 'none'; "
        f"script-src {digest('let a = 1;')}; form-action 'none'"
    )
    bare = html.document("Access", [])
    assert "<script" not in bare
    assert "script-src" not in bare
