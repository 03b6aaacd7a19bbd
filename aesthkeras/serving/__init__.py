"""What leaves the package: SavedModel signatures, exported models as Keras models again, a client."""
