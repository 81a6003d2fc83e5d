"""Nouns: frozen values that import no I/O."""
