"""What a renamed identity's resources were called before, for the engine, so that it deletes and makes nothing.

Each resource says so itself. An alias of the component, from which the engine would work theirs out, makes it panic in
a refresh that runs the program (3.259.0: "had not been marked as seen"). A component has no life of its own, so it may
go and come: a URN holds the types of the parents and not their names.
"""

from __future__ import annotations

import pulumi


def called_before(opts: pulumi.ResourceOptions, name: str | None) -> pulumi.ResourceOptions:
    """The options of a resource that may have had another name; None means that it had not."""
    if name is None:
        return opts
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[pulumi.Alias(name=name)]))
