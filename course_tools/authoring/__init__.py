"""The authoring pipeline: from text sources to notebooks, and the rules a notebook must keep."""
