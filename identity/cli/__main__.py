"""`python -m identity.cli` is the command `identity`."""

from identity.cli import main

main()
