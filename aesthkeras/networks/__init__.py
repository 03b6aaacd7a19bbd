"""Heads, pooling; networks saved, loaded and described."""
