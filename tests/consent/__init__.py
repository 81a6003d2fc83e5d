"""What people allow, over tens of thousands of random lives: `python -m tests.consent`, or `make consent`."""
