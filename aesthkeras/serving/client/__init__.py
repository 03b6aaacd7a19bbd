"""Clients that ask a served model about photos, over REST (which needs no TensorFlow) or gRPC."""
