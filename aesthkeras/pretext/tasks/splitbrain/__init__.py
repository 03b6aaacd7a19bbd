"""Split-brain autoencoder (Zhang, Isola and Efros, CVPR 2017)."""
