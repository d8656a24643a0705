"""`python -m meta_access.cli`, the same as `meta-access`."""

from meta_access.cli import main

main()
