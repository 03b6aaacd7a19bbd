"""Photos to a served model and answers back, over REST (no TensorFlow needed) or gRPC."""
