"""The rotation task has no flags of its own. This file imports no TensorFlow."""

from aesthkeras.pretext.options import TaskOptions

OPTIONS = TaskOptions
