"""aesthkeras: aesthetic features for photos, learned with no labels by telling degradations apart."""

__version__ = "0.1.0"
