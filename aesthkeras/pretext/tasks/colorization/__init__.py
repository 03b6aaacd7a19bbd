"""Colorization (Zhang, Isola and Efros, ECCV 2016)."""
