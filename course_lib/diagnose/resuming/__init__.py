"""Stops, saves and resumes the reader's own loop, and says what the resumed run lost."""
