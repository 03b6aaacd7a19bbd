"""How features are pooled and standardised, for probes and heads alike. This file imports no TensorFlow."""

from __future__ import annotations

PLACELESS = ("statistics", "covariance")  # they do not say where in the photo something is
POOLINGS = ["vissl", "deepcluster", "max", "zhang", *PLACELESS]

# Batch normalisation's, as Keras has it, in both solvers. Without it a channel that is silent on nearly all
# training photos is blown up: standardised test values reached 7e9 (conv5, CLIVE), with 1e-5 still 222, with
# this 35; of other values it changes hardly anything.
STANDARDIZATION_EPSILON = 1e-3
