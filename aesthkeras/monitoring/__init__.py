"""What a person watches during a run: progress, logs, pictures."""
