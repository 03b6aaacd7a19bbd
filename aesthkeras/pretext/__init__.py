"""Pretext tasks, one file each, and the Keras model that trains any of them."""
