"""The gradebook: an append-only journal in a database, and what can be read from it."""
