"""Where photos and their ratings come from: one file for each data set, `find` reads any of them."""
