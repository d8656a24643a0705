"""What is wrong with a stack, its connections and this machine: reading (`look`), judging (`checks`), explaining.

Only what reads touches anything; each reading stands alone, so that one broken thing hides no other.
"""
