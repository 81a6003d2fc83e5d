"""What needs a human, and why."""
