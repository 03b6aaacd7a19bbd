"""What probes and scorers share: protocols, folds, label fractions, features, metrics, outcome files."""
