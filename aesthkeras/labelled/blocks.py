"""Which outputs of an encoder probes and heads read: its blocks, and its embedding where it has one."""

from __future__ import annotations

from aesthkeras.errors import UsageError
from aesthkeras.finding.found import FoundEncoder
from aesthkeras.labelled.settings import listed


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
    blocks, embedding = encoder.blocks, encoder.embedding
    known = [*blocks, embedding] if takes_embedding and embedding else blocks
    wanted = listed(names) or blocks
    if not set(wanted) <= set(known):
        raise UsageError(f"{argument}={names}: expected some of {','.join(known)}")
    return [name for name in known if name in wanted]
