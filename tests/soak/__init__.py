"""The whole system for minutes on end, under load, while parts of it are killed, frozen and wiped."""
