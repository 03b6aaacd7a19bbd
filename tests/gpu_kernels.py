"""What TensorFlow's registry says of GPU kernels; it says so on a machine without a GPU as well."""

from __future__ import annotations

import tensorflow as tf
from tensorflow.python.framework import kernels

# They have no kernel of their own: the executor runs them, or what they call.
CONTROL = {"Placeholder", "NoOp", "If", "StatelessIf", "PartitionedCall", "StatefulPartitionedCall", "Case"}
CONTROL |= {"StatelessCase", "While", "StatelessWhile"}


def nodes_of(function) -> list:
    """All nodes of a concrete function, those of the functions that it calls among them."""
    graph = function.graph.as_graph_def()
    return [*graph.node, *(node for called in graph.library.function for node in called.node_def)]


def without_gpu_kernel(nodes: list) -> dict[str, int]:
    """How many nodes of each kind of operation have no GPU kernel for their types."""
    counts: dict[str, int] = {}
    for node in nodes:
        is_text = (
            node.op == "Const" and node.attr["dtype"].type == tf.string.as_datatype_enum
        )  # of assertions
        if node.op not in CONTROL and not is_text and not _gpu_kernels(node):
            counts[node.op] = counts.get(node.op, 0) + 1
    return counts


def in_host_memory(nodes: list) -> dict[str, int]:
    """How many nodes of each kind run on the GPU, but take or give what lies in the host's memory."""
    counts: dict[str, int] = {}
    for node in nodes:
        found = [] if node.op in CONTROL else _gpu_kernels(node)
        if found and all(kernel.host_memory_arg for kernel in found):
            counts[node.op] = counts.get(node.op, 0) + 1
    return counts


def _gpu_kernels(node) -> list:
    types = {name: value.type for name, value in node.attr.items() if value.WhichOneof("value") == "type"}
    return [
        kernel
        for kernel in kernels.get_registered_kernels_for_op(node.op).kernel
        if kernel.device_type in ("GPU", "DEFAULT")
        and all(
            limit.name not in types or types[limit.name] in limit.allowed_values.list.type
            for limit in kernel.constraint
        )
    ]
