"""Photos from disk to batches of patches."""
