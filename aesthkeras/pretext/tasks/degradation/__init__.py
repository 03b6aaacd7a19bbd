"""The paper's pretext task: which degradation, and how strong."""
