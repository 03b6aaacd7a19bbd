"""The data sets that photos and their ratings come from: one file each, one interface in find.py."""
