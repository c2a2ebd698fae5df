"""Runs submissions in the box, and turns what comes out into marks."""
