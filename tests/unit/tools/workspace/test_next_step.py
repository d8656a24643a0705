from __future__ import annotations

from tools.workspace.next_step import suggest


def test_an_open_gate_is_suggested_with_the_act_that_closes_it() -> None:
    gates = {"ads-app-roles": "pending_human", "lindenhof-verification": "pending_human"}

    assert suggest(gates) == (
        "Next: do the people's part of gate ads-app-roles in the emulated Meta, and see it open:\n"
        '  eval "$(make -s env)"\n'
        "  meta-access emulator act accept-role ines --role developer\n"
        "  meta-access review --stack dev --all"
    )


def test_a_satisfied_gate_is_passed_over() -> None:
    gates = {"ads-app-roles": "satisfied", "lindenhof-verification": "drifted"}

    assert "meta-access emulator act verify" in suggest(gates)


def test_without_an_open_gate_a_change_is_suggested() -> None:
    assert suggest({"ads-redirect-uris": "unverifiable"}).endswith("\n  make preview")
