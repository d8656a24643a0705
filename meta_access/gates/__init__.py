"""Gates: what only a person can do at Meta, as statuses with a next step, evidence, deadlines and upkeep. Pure."""
