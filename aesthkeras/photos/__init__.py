"""Photos from disk to batches of patches: sources, quarantine, cache."""
