"""The pretext tasks, a folder each."""
