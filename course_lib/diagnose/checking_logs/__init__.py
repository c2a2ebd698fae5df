"""Holds the diagnosis to a file of logs with verdicts that people gave by hand."""
