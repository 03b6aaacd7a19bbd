"""Photos on more than one machine, by Ray (the extra `ray`)."""
