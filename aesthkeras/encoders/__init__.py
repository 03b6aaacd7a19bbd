"""Functional Keras models with named blocks: conv1 to conv5 and embedding."""
