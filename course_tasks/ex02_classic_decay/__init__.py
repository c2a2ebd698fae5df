"""Exercise 2: four decays from their formulas, a plateau rule, milestones in updates."""
