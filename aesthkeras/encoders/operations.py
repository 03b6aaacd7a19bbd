"""What a SavedModel is made of: TF Serving has core ops only and no Python."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

# Core ops by name, but each calls Python in the process that made the graph.
PYTHON_CALLS = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}


def list_operations(folder: str | Path) -> list[str]:
    """The kinds of ops in every graph and every library function of a SavedModel.

    Args:
        folder: one version's folder, the one that holds ``saved_model.pb``.

    Returns:
        Op names as registered, sorted, each once.
    """
    model = saved_model_pb2.SavedModel.FromString((Path(folder) / "saved_model.pb").read_bytes())
    kinds: set[str] = set()
    for meta_graph in model.meta_graphs:
        kinds.update(node.op for node in meta_graph.graph_def.node)
        for function in meta_graph.graph_def.library.function:
            kinds.update(node.op for node in function.node_def)
    return sorted(kinds)


def unservable_operations(folder: str | Path) -> list[str]:
    """The ops of a SavedModel that a plain TF Serving cannot run: not TensorFlow's own, or Python calls.

    Args:
        folder: one version's folder.

    Returns:
        Op names, sorted; empty where all is well.
    """
    # tf.raw_ops is generated from the ops built into TensorFlow; ops of loaded libraries do not join it.
    return [kind for kind in list_operations(folder) if kind in PYTHON_CALLS or not hasattr(tf.raw_ops, kind)]
