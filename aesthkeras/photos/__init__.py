"""Photos from disk to batches of patches: sources, decoding, quarantine, cache."""
