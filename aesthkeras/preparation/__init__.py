"""From a downloaded data set to shards for training: every photo is examined once, and a page reports."""
