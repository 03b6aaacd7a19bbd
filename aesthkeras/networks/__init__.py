"""Encoders found, heads, pooling; networks saved, loaded and described."""
