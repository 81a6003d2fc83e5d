"""The API under load: what it answers in a second and how long that takes, beside what the frameworks below it can."""
