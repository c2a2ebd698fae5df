"""One driver a library: it runs in the library's environment and imports nothing of the course."""
