"""The bytes of a photo to upright RGB pixels: in TensorFlow core ops, or by Pillow where they cannot."""
