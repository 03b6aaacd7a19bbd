"""Sets of recipes: pre-train, probe, report."""
