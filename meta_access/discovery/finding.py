"""What a run of `meta-access discover` does not write, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class About(StrEnum):
    """What a finding is about."""

    RETIRED = "retired"
    NAME = "name"
    NAME_TWICE = "name_twice"
    ROLE = "role"
    OWNER = "owner"
    TASKS = "tasks"
    NOT_LISTED = "not_listed"
    DIFFERS = "differs"
    GONE = "gone"
    INVITED = "invited"
    NO_ADDRESS = "no_address"
    ADDRESS = "address"
    APP_OF_ANOTHER = "app_of_another"
    IGNORED = "ignored"
    TOKEN_NONE = "token_none"  # noqa: S105 - as all that follow: words about tokens
    TOKEN_SCOPES = "token_scopes"  # noqa: S105
    TOKEN_TWICE = "token_twice"  # noqa: S105
    TOKEN_AMONG_OTHERS = "token_among_others"  # noqa: S105
    TOKEN_OF_STACK = "token_of_stack"  # noqa: S105
    TOKEN_ENDED = "token_ended"  # noqa: S105
    TOKEN_OF_ANOTHER_APP = "token_of_another_app"  # noqa: S105


_WHY = {
    About.RETIRED: "is a retired system user; a later create takes its slot",
    About.NAME: "has a name that no file can hold: too long, with blanks around it, or a character that is not seen",
    About.NAME_TWICE: "has the name of another system user; rename one of them in Business settings",
    About.ROLE: "has the role {there}, which a stack cannot declare",
    About.OWNER: (
        "is shared by a business that Meta does not name, so no client can be chosen for it; write it under the client "
        "whose it is"
    ),
    About.TASKS: "has tasks for {name} that the rule set does not know, and they are not written: {there}",
    About.NOT_LISTED: "is assigned to {name} ({there}), and no list of the business has it",
    About.DIFFERS: "is declared for {name} with {declared}, and Meta has {there}; the file stays as it is",
    About.GONE: "is declared ({name}), and no list of the business has it now; the file stays as it is",
    About.INVITED: "was invited as {there} and has not accepted; who accepts is written by a later run",
    About.NO_ADDRESS: "is {there} in the business, without an e-mail address that Meta shows to this token",
    About.ADDRESS: "is {there} in the business, with an address that is no e-mail address",
    About.IGNORED: "is ignored: {there} ({declared})",
    About.APP_OF_ANOTHER: "is an app of another business ({there}), which the business uses",
    About.TOKEN_NONE: (
        "({name}) is declared with token: none, and secret {there} holds a token of it; to keep that token, write "
        "scopes: [{declared}] and the secret instead of that line, then run `meta-access token adopt {name}`"
    ),
    About.TOKEN_SCOPES: (
        "({name}) has a token in secret {there}, with scopes that the stack does not cover: {declared}; declare them "
        "under permissions of the app, then write scopes and secret instead of token: none"
    ),
    About.TOKEN_TWICE: "({name}) has tokens in several secrets, and a stack keeps one of them: {there}",
    About.TOKEN_AMONG_OTHERS: (
        "({name}) has a token in secret {there} among other values, which a stack would not keep; put it into a secret "
        "of its own first"
    ),
    About.TOKEN_OF_STACK: "({name}) has a token in secret {there}, which {declared} keeps; take_over_from moves it",
    About.TOKEN_ENDED: "holds a token that has ended at Meta",
    About.TOKEN_OF_ANOTHER_APP: "holds a token about which Meta says nothing to this app, so whose it is is not known",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not written, and why.

    Attributes:
        subject: An asset, a secret's name, or the id of a user, a person or an app.
        name: As Meta has it, or the key of the stack.
        there: What Meta has, of what is compared.
        declared: What the stack says of it.
    """

    about: About
    subject: str
    name: str = ""
    there: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()

    def __str__(self) -> str:
        there, declared = ", ".join(self.there) or "nothing", ", ".join(self.declared)
        words = _WHY[self.about].format(name=self.name, there=there, declared=declared)
        named = f" ({self.name})" if self.name and "{name}" not in _WHY[self.about] else ""
        return f"{self.subject}{named} {words}."
