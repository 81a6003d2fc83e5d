"""Values made comparable: pure functions from a source's spelling to folded text. Originals are kept elsewhere."""
