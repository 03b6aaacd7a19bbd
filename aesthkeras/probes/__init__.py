"""Linear probes of every block of a frozen encoder: an exact solver, and the paper's SGD (Table 2)."""
