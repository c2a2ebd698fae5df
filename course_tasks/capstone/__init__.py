"""The capstone: a schedule for each of three unknown problems, scored by its regret."""
