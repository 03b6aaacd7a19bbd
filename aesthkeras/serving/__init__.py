"""What leaves the package: SavedModel signatures."""
