"""Clients of real systems: their files first, then their interfaces."""
