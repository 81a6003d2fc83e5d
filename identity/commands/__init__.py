"""What each command does, and how its report is printed. A report is plain data: `--json` prints it as it is."""
