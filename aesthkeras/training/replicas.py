"""Several devices and several machines that train one network: strategies of `tf.distribute`.

Every replica computes its share of each batch, gradients are added up, weights stay equal. The environment
variable TF_CONFIG asks for several machines, as TensorFlow reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.training.device_settings import DeviceSettings
from aesthkeras.training.machines import TF_CONFIG, is_chief, machines
from aesthkeras.training.precision import use_deterministic_operations

AUTO = "auto"

Made = TypeVar("Made")


def replicas_strategy(replicas: str = AUTO) -> tf.distribute.Strategy:
    """The strategy for a number of replicas; to be asked for before anything is built.

    Args:
        replicas: `auto` for all GPUs, one replica where there is none; or how many devices of this machine
            take part: GPUs, or logical CPUs where there is none. On several machines each takes all its GPUs,
            or its CPU.

    Raises:
        UsageError: there are not so many devices, or TF_CONFIG cannot be read.
    """
    if machines() > 1:
        if replicas != AUTO:
            raise UsageError(f"replicas={replicas}: expected auto with {TF_CONFIG}, which names the machines")
        return tf.distribute.MultiWorkerMirroredStrategy()
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    wanted = len(devices) if devices[0].device_type == "GPU" else 1
    if replicas != AUTO:
        wanted = int(replicas)
    if wanted > len(devices):
        kind = devices[0].device_type
        raise UsageError(f"replicas={replicas}: expected at most {len(devices)}, the {kind}s of this machine")
    if wanted == 1:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy([device.name for device in devices[:wanted]])


def use_devices(settings: DeviceSettings) -> tf.distribute.Strategy:
    """The strategy that settings ask for, of what runs on one machine alone.

    Raises:
        UsageError: TF_CONFIG names several machines, or there are not so many devices.
    """
    if machines() > 1:
        raise UsageError(f"{TF_CONFIG} names {machines()} machines: expected one, several only pre-train")
    if settings.deterministic:
        use_deterministic_operations()
    return replicas_strategy(settings.replicas)


def over_replicas(
    function: Callable[[tf.Tensor], Made], strategy: tf.distribute.Strategy
) -> Callable[[tf.Tensor], Made]:
    """A function of rows, of which each replica computes its share.

    Args:
        function: rows `[N, ...]` to tensors of as many rows; a row's answer must not depend on the others.
        strategy: of the replicas, which hold the weights.

    Returns:
        The same function; answers are in the order of the rows.
    """
    if strategy.num_replicas_in_sync == 1:
        return function

    def shared(rows: tf.Tensor) -> Made:
        answers = strategy.run(lambda rows: function(own_rows(rows)), args=(rows,))
        return tf.nest.map_structure(lambda answer: strategy.gather(answer, axis=0), answers)

    return tf.function(shared, reduce_retracing=True, autograph=False)


def wait_for_all() -> None:
    """Go on when all machines have come so far; at once where there is one."""
    agreed(False)


def chief_first(act: Callable[[], Made]) -> Made:
    """Do it on all machines, but on the chief before the others, which find what it has written."""
    if not is_chief():
        wait_for_all()
    made = act()
    if is_chief():
        wait_for_all()
    return made


def agreed(wish: bool) -> bool:
    """Whether any of the machines wishes it; all of them have to ask, and all get the same answer."""
    if machines() < 2:
        return wish
    return float(_sum_over_machines(tf.constant(float(wish)))) > 0


@tf.function
def _sum_over_machines(value: tf.Tensor) -> tf.Tensor:
    strategy = tf.distribute.get_strategy()
    return strategy.reduce("SUM", strategy.run(lambda: value), axis=None)


def fold_replica(seed: tf.Tensor) -> tf.Tensor:
    """A seed of its own for each replica of this machine; the first one keeps what is given.

    Args:
        seed: int32 or int64 `[2]`, in the code that a replica runs.
    """
    context = tf.distribute.get_replica_context()
    number = context.replica_id_in_sync_group if context is not None else 0
    if context is None or context.num_replicas_in_sync == 1:
        return seed
    own = tf.cast(tf.random.experimental.stateless_fold_in(seed, number), seed.dtype)
    return tf.where(tf.equal(number, 0), seed, own)


def gathered(rows: tf.Tensor) -> tf.Tensor:
    """The rows of all replicas, in the order of the batch: `[B, ...]` -> `[replicas B, ...]`.

    Gradients flow back to the replica that a row is of.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return rows
    return _with_dense_gradient(context.all_gather(rows, axis=0))


@tf.custom_gradient
def _with_dense_gradient(rows: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """The gradient of a `tf.gather` is sparse, which `all_gather` does not take."""
    return tf.identity(rows), tf.convert_to_tensor


def own_rows(rows: tf.Tensor) -> tf.Tensor:
    """This replica's share of rows that are in the order of `gathered`; the last share may be smaller."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return rows
    share = -(-tf.shape(rows)[0] // context.num_replicas_in_sync)
    return rows[context.replica_id_in_sync_group * share :][:share]
