"""The model card of an export: what it answers and takes, how it was trained and measured, whose photos.

It lies beside `saved_model.pb` as MODEL_CARD.md; TF Serving ignores files that it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from aesthkeras.decoding.limits import MAX_ASPECT, MAX_PIXELS, MIN_EDGE
from aesthkeras.encoders.blocks import BLOCK_NAMES, EMBEDDING
from aesthkeras.networks.spec import LITE0_KIND, STATISTICS_KIND, split_specs
from aesthkeras.templates import load_template

if TYPE_CHECKING:
    from aesthkeras.training.run_folder import RunFolder

MODEL_CARD = "MODEL_CARD.md"

# Position in the run and speed, which are no results.
NOT_MEASURED = ("epoch", "step", "images_seen", "learning_rate", "images_per_second", "input_wait")
# The flags that most readers want to know; `assets/flags.cfg` has them all.
SHOWN_FLAGS = (
    "task",
    "dataset",
    "target",
    "encoder_name",
    "width",
    "trunk",
    "blocks",
    "pooling",
    "tiles",
    "hidden",
    "members",
    "copies",
    "batch_size",
    "learning_rate",
    "weight_decay",
    "precision",
    "seed",
    "start_from",
)


@dataclass(frozen=True)
class Origin:
    """Where an export comes from.

    Attributes:
        flags: of the run, text by name.
        record: what run.json says.
        last_epoch: the last line of metrics.jsonl; empty where there is none.
        notes: what is known about the licence of the photos; empty for nothing.
        task_meaning: the pretext task in one sentence.
        encoder_notes: the same as `notes` for the photos of a scorer's encoder, or of the encoder that the
            training began with.
    """

    flags: Mapping[str, str] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    last_epoch: Mapping[str, float] = field(default_factory=dict)
    notes: str = ""
    task_meaning: str = ""
    encoder_notes: str = ""

    @classmethod
    def of_run(cls, run: RunFolder, **more: str) -> Origin:
        """What the files of a run folder say; `notes` as run.json has them, unless they are given."""
        record, history = run.read_record(), run.history()
        notes = record.get("data", {}).get("notes", "")
        last_epoch = history[-1] if history else {}
        return cls(run.read_flags(), record, last_epoch, **{"notes": notes, **more})


@dataclass(frozen=True)
class Signature:
    """One way to ask the model.

    Attributes:
        name: of the signature.
        takes: input name, type and shape.
        answers: the same of each output.
    """

    name: str
    takes: str
    answers: str


def describe_signatures(functions: Mapping[str, Any]) -> list[Signature]:
    """What the graph itself says of its inputs and outputs.

    Args:
        functions: tf.functions with an input signature, by the names of their signatures.
    """
    described = []
    for name, function in functions.items():
        graph = function.get_concrete_function()
        specs = tf.nest.flatten(graph.structured_input_signature)
        takes = ", ".join(_spec(spec.name, spec) for spec in specs)
        answers = ", ".join(_spec(key, spec) for key, spec in sorted(graph.structured_outputs.items()))
        described.append(Signature(name, takes, answers))
    return described


def _spec(name: str, spec: tf.TensorSpec) -> str:
    sizes = ["N" if axis == 0 else str(size or "any") for axis, size in enumerate(spec.shape)]
    return f"`{name}` {spec.dtype.name} [{', '.join(sizes)}]"


def model_card(
    name: str,
    version: int,
    signatures: Sequence[Signature],
    sizes: tuple[int, int],
    origin: Origin,
    classes: Sequence[str] = (),
    scorer: Mapping[str, Any] | None = None,
    outputs: Sequence[str] = (*BLOCK_NAMES, EMBEDDING),
    content: bool = False,
) -> str:
    """The card as Markdown.

    Args:
        name: of the model.
        version: of the export.
        signatures: what can be asked.
        sizes: shorter edge after the resize, and edge of the crop, in pixels.
        origin: where it comes from.
        classes: names of the degradations that it tells apart; empty for none.
        scorer: what scorer.json says, as `adapt` writes it; parts may be missing. None for an encoder.
        outputs: names of what the encoder answers.
        content: whether EfficientNet-lite0 is in it.
    """
    flags, record, epoch = origin.flags, origin.record, origin.last_epoch
    spec = (scorer or {}).get("encoder", {}).get("spec", "")
    return load_template("aesthkeras.networks", "model_card.md").render(
        name=name,
        version=version,
        signatures=signatures,
        resize=sizes[0],
        crop=sizes[1],
        limits={"min_edge": MIN_EDGE, "max_aspect": MAX_ASPECT, "max_pixels": MAX_PIXELS},
        classes=classes,
        scorer=scorer,
        outputs=outputs,
        untrained=_is_untrained(spec),
        content=content,
        saw_labels=_saw_labels(spec) or ([LITE0_KIND] if content else []),
        task={"name": flags["task"], "meaning": origin.task_meaning} if "task" in flags else None,
        versions=record.get("versions", {}),
        commit=record.get("commit", ""),
        training=_training(origin, scorer),
        epoch=epoch
        and {
            "number": int(epoch["epoch"]),
            "numbers": [(key, value) for key, value in epoch.items() if key not in NOT_MEASURED],
        },
        data=PurePath(flags["data_dir"]).name if "data_dir" in flags else "",
        notes=origin.notes,
        encoder_notes=origin.encoder_notes,
        started=bool(flags.get("start_from")),
    )


def _is_untrained(spec: str) -> bool:
    """Whether what `find_encoder` was asked for has random weights, and none that were trained."""
    parts = [part for part in split_specs(spec) if part.kind != STATISTICS_KIND]
    drawn = [
        part.kind == "random" or (part.kind == "keras" and "weights=none" in part.text) for part in parts
    ]
    return bool(drawn) and all(drawn)


def _saw_labels(spec: str) -> list[str]:
    """Which parts of what `find_encoder` was asked for were trained with ImageNet's labels."""
    return [
        part.name
        for part in split_specs(spec)
        if part.kind == LITE0_KIND
        or (part.kind == "keras" and re.search(r"weights=(?!imagenet\b)", part.text) is None)
    ]


def _training(origin: Origin, scorer: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    data, epoch = origin.record.get("data", {}), origin.last_epoch
    rows = []
    if scorer is not None and "encoder" in scorer:
        encoder = scorer["encoder"]
        rows.append(("photos", f"{scorer['photos']} of {scorer['dataset']}"))
        rows.append(("encoder", f"{encoder['name']}, fingerprint {encoder['fingerprint']}"))
    elif data and scorer is None:
        left_out = f", {data['quarantined']} left out as unreadable" if data["quarantined"] else ""
        rows.append(("photos", f"{data['photos']}{left_out}"))
        rows.append(("fingerprint of the photos", data["fingerprint"]))
    if scorer is None and "images_seen" in epoch:
        rows.append(("images seen", f"{int(epoch['images_seen']):,}, views of the same photo counted each"))
        rows.append(("epochs", str(int(epoch["epoch"]))))
    shown = [(f"--{name}", origin.flags[name]) for name in SHOWN_FLAGS if origin.flags.get(name)]
    return [*rows, *shown]
