"""The whole system under load, on this machine, while its parts are killed; `make soak` and `make peak`."""
