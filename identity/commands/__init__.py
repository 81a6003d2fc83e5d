"""What each command does, and how its report is printed. Every report is plain data first: `--json` prints it as it is."""
