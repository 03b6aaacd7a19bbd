"""Table 1 of the paper: ten operations, 21 edits and None; `batch.degrade` applies them to a batch."""
