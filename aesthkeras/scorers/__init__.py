"""Non-linear heads: targets, fitting, calibration; from ratings to an exported scorer (Table 3)."""
