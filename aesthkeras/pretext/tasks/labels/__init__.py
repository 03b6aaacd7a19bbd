"""Supervised labels of a data set."""
