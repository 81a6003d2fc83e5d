"""Events on their way: from a commit to a stream, and on to what a consumer does."""
