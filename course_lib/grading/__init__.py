"""Grades folders of submissions from people nobody knows."""
