"""`A,B`: several encoders as one, whose blocks stand side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from aesthkeras.encoders.photo_statistics import photo_statistics
from aesthkeras.encoders.side_by_side import common_sizes, joined_model
from aesthkeras.finding.found import FoundEncoder, encoder_fingerprint
from aesthkeras.networks.spec import STATISTICS_KIND, Spec
from aesthkeras.training.precision import use_precision


def statistics_encoder(spec: Spec, crop: int, resize: int) -> FoundEncoder:
    """Natural-scene and colour statistics as an encoder, which needs no training.

    Args:
        spec: `statistics?crop=224&resize=256`; what stands behind `statistics` may be left out.
        crop: in pixels, unless the spec says another.
        resize: for that crop, in pixels.

    Raises:
        UsageError: sizes out of range.
    """
    options = spec.options({"crop": int, "resize": int}, f"{STATISTICS_KIND}?crop={crop}&resize={resize}")
    crop, resize = spec.sizes(options, crop, resize)
    use_precision("float32")
    model = photo_statistics(crop)
    fingerprint = encoder_fingerprint(model, resize)
    return FoundEncoder(model, crop, resize, fingerprint, STATISTICS_KIND, spec.text)


def joined_encoder(parts: Sequence[FoundEncoder], text: str) -> FoundEncoder:
    """Several encoders as one; of one, that itself.

    Args:
        parts: in the order in which the user named them.
        text: what the user said.

    Returns:
        Its model is that of `joined_model`. The head for degradations is that of the first part that has one,
        and the embedding is that part's; where there is no head, the first embedding. The fingerprint is made
        of the parts' fingerprints, crops and resizes, the name and the notes are all of theirs.
    """
    if len(parts) == 1:
        return parts[0]
    by_head = [index for index, part in enumerate(parts) if part.degradations]
    by_embedding = [index for index, part in enumerate(parts) if part.embedding]
    chosen = next(iter([*by_head, *by_embedding]), None)
    model = joined_model([part.model for part in parts], [part.resize for part in parts], chosen)
    model.trainable = False
    crop, resize = common_sizes([(part.crop, part.resize) for part in parts])
    described = "\0".join(f"{part.fingerprint} {part.crop} {part.resize}" for part in parts)
    return FoundEncoder(
        model,
        crop,
        resize,
        hashlib.sha256(described.encode()).hexdigest(),
        " + ".join(part.name for part in parts),
        text,
        parts[by_head[0]].degradations if by_head else None,
        "\n".join(dict.fromkeys(part.notes for part in parts if part.notes)),
    )
