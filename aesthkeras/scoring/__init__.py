"""Photos to scores: which files, their crops, the network, and the table or gallery that comes out."""
