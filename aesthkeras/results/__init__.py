"""Run folders and what is written into them."""
