"""Tables, figures, significance and pages of probe runs."""
