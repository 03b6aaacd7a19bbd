"""Table 1 of the paper: ten editing operations, 21 edits and None."""
