"""What all training shares: precision, schedules, checkpoints, the run folder."""
