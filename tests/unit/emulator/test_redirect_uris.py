"""Addresses on which programs disagree are no redirect URIs."""

from __future__ import annotations

import pytest

from meta_emulator.redirect_uris import unsound


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example\\@evil.example/",
        "https://app.example\\.evil.example/",
        "https://app.example/\\evil.example",
        "https://nadia@app.example/",
        "https://nadia:pw@app.example/",
        "https://@app.example/",
        "https://app.example%2f@evil.example/",
        "https://%61pp.example/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[fe80::1%eth0",
        "https://[v1.x]/",
        "https://[0:0::1]/",
        "https://app.example:/",
        "https://app.example:0443/",
        "https://app.example:99999/",
        "https://app.example:8a/",
        "https://app.ex\tample/",
        "https://app.ex\nample/",
        " https://app.example/",
        "https://app.example/ x",
        "\x00https://app.example/",
        "https://\uff41pp.example/",
        "https://app\uff0eexample/",
        "https://app.example\u2044evil/",
        "https://app.example/\u202egnp",
        "https://app.example/#x",
        "https:app.example",
        "https:///app.example",
        "//app.example/",
        "app.example/",
        "javascript:alert(1)",
        "https://-app-/",
        "HTTPS://app.example/",
        "",
    ],
)
def test_it_is_read_in_more_than_one_way(uri: str) -> None:
    assert unsound(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "https://connect.example/meta/callback/?tenant=7",
        "https://connect.example:8443/a/b;c=d/%C3%A4?x=[1]&y=a@b:c!$'()*+,",
        "http://localhost:3000/callback",
        "https://[::1]:8443/",
        "https://198.51.100.7/",
        "https://Connect.example/",
    ],
)
def test_it_is_read_in_one_way(uri: str) -> None:
    assert not unsound(uri)
