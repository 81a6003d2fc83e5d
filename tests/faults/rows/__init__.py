"""Rows of the matrix, by where they strike."""
