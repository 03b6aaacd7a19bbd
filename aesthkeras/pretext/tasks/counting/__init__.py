"""Counting (Noroozi, Pirsiavash and Favaro, ICCV 2017)."""
