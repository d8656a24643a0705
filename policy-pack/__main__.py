"""The policy pack that the engine runs: the rules of meta-access, and those that a stack's meta:policy adds."""

from meta_access.components import policy_pack

policy_pack.run()
