"""What `--encoder` names: exports, run folders, networks of others, and several of them side by side."""
