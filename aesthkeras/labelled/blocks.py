"""Which outputs of an encoder probes and heads read: its blocks, and its embedding where it has one."""

from __future__ import annotations

from aesthkeras.encoders.blocks import EMBEDDING
from aesthkeras.errors import UsageError
from aesthkeras.labelled.settings import listed
from aesthkeras.networks.find import FoundEncoder


def blocks_of(encoder: FoundEncoder) -> list[str]:
    """The encoder's blocks (outputs `[N, H, W, C]`) by name, in the order of the model."""
    return [name for name, output in encoder.model.output.items() if len(output.shape) == 4]


def embedding_of(encoder: FoundEncoder) -> str | None:
    """The name of the encoder's embedding (an output `[N, values]`); None where it has none."""
    return EMBEDDING if EMBEDDING in encoder.model.output else None


def chosen_blocks(
    encoder: FoundEncoder, names: str, argument: str, takes_embedding: bool = False
) -> list[str]:
    """The outputs of the encoder that an argument names.

    Args:
        encoder: what `find_encoder` returned.
        names: separated by commas, in any order; empty for all blocks.
        argument: what the user calls `names`, such as `layers`; errors begin with it.
        takes_embedding: whether the embedding may be named, too.

    Returns:
        Each name once, blocks in the order of the model, the embedding last.

    Raises:
        UsageError: a name is no output of the encoder.
    """
    blocks, embedding = blocks_of(encoder), embedding_of(encoder)
    known = [*blocks, embedding] if takes_embedding and embedding else blocks
    wanted = listed(names) or blocks
    if not set(wanted) <= set(known):
        raise UsageError(f"{argument}={names}: expected some of {','.join(known)}")
    return [name for name in known if name in wanted]
