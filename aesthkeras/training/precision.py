"""Which arithmetic the network runs in; losses and degradations stay float32."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import tensorflow as tf

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


def resolve_precision(precision: str) -> str:
    """The arithmetic for `auto`: bfloat16 where CPU or GPU have it, float16 on older GPUs, else float32.

    Args:
        precision: `auto`, or a word that is returned as it is.

    Returns:
        `float32`, `bfloat16` or `float16`.
    """
    if precision != "auto":
        return precision
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "bfloat16" if cpu_has_bfloat16() else "float32"
    capability = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability", (0, 0))
    # Ampere (8.0) brought bfloat16 matrix units, Volta (7.0) those for float16.
    return "bfloat16" if capability >= (8, 0) else "float16" if capability >= (7, 0) else "float32"


def cpu_has_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the CPU multiplies bfloat16 itself (AVX512-BF16 or AMX); False where Linux cannot say."""
    try:
        text = cpuinfo.read_text()
    except OSError:
        return False
    return "avx512_bf16" in text or "amx_bf16" in text


def use_precision(precision: str) -> None:
    """Sets Keras's global policy for the models built from now on.

    What is float32 is computed as such: TensorFlow would round it to TF32, 10 bits, on GPUs that have it, the
    views of a photo included.
    """
    keras.mixed_precision.set_global_policy(POLICIES[precision])
    tf.config.experimental.enable_tensor_float_32_execution(False)


def use_deterministic_operations() -> None:
    """From now on GPUs compute nothing whose bits differ from one time to the next; what cannot is an error.

    On a CPU nothing changes: what a training uses gives the same bits there each time.
    """
    if tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()


def minimize(
    optimizer: keras.optimizers.Optimizer,
    loss: tf.Tensor,
    variables: Sequence[tf.Variable],
    tape: tf.GradientTape,
) -> None:
    """One step of an optimizer, which scales the loss itself where the precision asks for it.

    Args:
        optimizer: Keras 2 has a `minimize` for this, Keras 3 its parts.
        loss: floating scalar, computed under `tape`.
        variables: what is trained.
        tape: no longer recording; used up.
    """
    if hasattr(optimizer, "minimize"):
        optimizer.minimize(loss, variables, tape=tape)
        return
    with tape:
        scaled = optimizer.scale_loss(loss)
    optimizer.apply(tape.gradient(scaled, variables), variables)
