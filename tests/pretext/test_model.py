"""`train_step` against the update worked out by hand, and what the degradation task hands to it."""

from __future__ import annotations

import dataclasses
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.degradations import draw
from aesthkeras.degradations.table import CLASSES
from aesthkeras.errors import UsageError
from aesthkeras.pretext.model import PretextModel, total_loss
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import PatchLosses, PretextTask
from aesthkeras.pretext.tasks.degradation.options import DegradationOptions
from aesthkeras.pretext.tasks.degradation.task import DegradationTask
from aesthkeras.pretext.training import build_model

RECIPE = Recipe(width=0.125, resize=108, crop=96, batch_size=4, precision="float32")


class OneWeight(PretextTask):
    """Loss terms (w x)^2 / 2 and w x, scales 1 and 0.5: every number can be followed by hand."""

    Options = DegradationOptions
    views_per_patch = 1

    def views(self, batch):
        return batch

    def build_head(self, encoder):
        inputs = keras.Input([1])
        return keras.Model(inputs, keras.layers.Activation("linear")(inputs))

    def forward(self, encoder, head, batch, training):
        return {"product": head(encoder(batch["x"], training=training), training=training)[:, 0]}

    def loss_names(self):
        return ["square", "linear"]

    def losses(self, outputs, batch):
        product = outputs["product"]
        terms = {"square": product**2 / 2, "linear": product}
        return PatchLosses(terms, {"linear": tf.constant(0.5)}, patch_weights=batch["weights"])


def one_weight_model(weight_decay: float) -> PretextModel:
    inputs = keras.Input([1])
    outputs = keras.layers.Dense(
        1,
        use_bias=False,
        kernel_initializer=keras.initializers.Constant(2.0),
        kernel_regularizer=keras.regularizers.l2(weight_decay / 2),
    )(inputs)
    model = PretextModel(keras.Model(inputs, outputs), OneWeight(DegradationOptions(), RECIPE))
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)
    optimizer.build(model.encoder.trainable_variables)
    model.compile(optimizer)
    return model


def test_train_step_minimises_equation_3_with_nesterov_and_l2_in_the_gradient():
    model = one_weight_model(weight_decay=0.01)
    batch = {"x": tf.constant([[1.0], [3.0]]), "weights": tf.constant([1.0, 0.5])}
    logs = model.train_step(batch)
    # Products 2 and 6. Terms: 1 * (2 + 0.5 * 2) and 0.5 * (18 + 0.5 * 6), mean of 3 and 10.5; 0.01 / 2 * 4.
    assert float(logs["loss"]) == pytest.approx(6.75 + 0.02)
    assert float(logs["square"]) == pytest.approx((2 + 18) / 2)
    assert float(logs["linear"]) == pytest.approx((2 + 6) / 2)
    assert float(logs["weight_decay"]) == pytest.approx(0.02)
    # Gradient: mean of 1 * (2 * 1 + 0.5 * 1) and 0.5 * (6 * 3 + 0.5 * 3), plus 0.01 * 2.
    gradient = (2.5 + 9.75) / 2 + 0.02
    # First Nesterov step: v = -rate * g; w += 0.9 * v - rate * g.
    assert model.encoder.weights[0].numpy().item() == pytest.approx(2.0 - 0.1 * gradient * 1.9, rel=1e-6)


def test_total_loss_without_weights_is_the_mean_of_the_scaled_sum():
    losses = PatchLosses(
        {"a": tf.constant([1.0, 2.0]), "b": tf.constant([10.0, 20.0])}, {"b": tf.constant(0.1)}
    )
    assert float(total_loss(losses)) == pytest.approx((1 + 1 + 2 + 2) / 2)


@pytest.fixture
def task() -> DegradationTask:
    return DegradationTask(DegradationOptions(), RECIPE)


def patches(count: int = 4) -> dict[str, tf.Tensor]:
    from skimage import data

    photo = data.astronaut()
    crops = np.stack([photo[40 * index : 40 * index + 96, 60 : 60 + 96] for index in range(count)])
    return {
        "patches": tf.constant(crops),
        "photo": tf.range(count, dtype=tf.int64),
        "seed": tf.constant([5, 7]),
    }


def test_views_are_the_original_and_two_parameters_of_three_operations(task):
    batch = task.views(patches())
    views, classes = batch["views"].numpy(), batch["classes"].numpy()
    assert views.shape == (4, 7, 96, 96, 3)
    assert views.dtype == np.uint8
    np.testing.assert_array_equal(views[:, 0], patches()["patches"])
    assert (classes[:, 0] == 0).all()
    for row in classes:
        operations = [CLASSES[index].operation for index in row[1:]]
        assert operations[0::2] == operations[1::2]
        assert len(set(operations)) == 3
        assert len(set(row[1:])) == 6


def test_none_counts_as_much_as_an_edited_class_does_on_average(task):
    # A patch has one None view and six edited ones, of 21 classes.
    assert task.none_weight == pytest.approx(6 / 21)
    # Three of ten operations are drawn, and of each two parameters: one of rotation's three is left out.
    drawn = draw.draw_classes(20_000, 3, 2, tf.constant([1, 2])).numpy()
    shares = {item.name: (drawn == item.index).mean() * 7 for item in CLASSES}
    turns = [item.name for item in CLASSES if item.operation == "rotation"]
    expected = {name: 3 / 10 * (2 / 3 if name in turns else 1) for name in shares} | {"none": 1}
    assert shares == pytest.approx(expected, abs=0.015)  # four standard deviations
    assert sum(share for name, share in expected.items() if name != "none") / 21 == pytest.approx(6 / 21)


def test_losses_follow_from_logits_and_embedding(task):
    jpeg, rotation, blur = (
        [item.index for item in CLASSES if item.operation == name][:2]
        for name in ("jpeg", "rotation", "gaussian_blur")
    )
    classes = tf.constant([[0, *jpeg, *rotation, *blur]])
    logits = tf.zeros([1, 7, 22])
    # Unit vectors at angles to the original: squared distance 2 - 2 cos(angle).
    angles = [0, 60, 90, 30, 180, 90, 0]
    embedding = tf.constant([[[math.cos(math.radians(a)), math.sin(math.radians(a))] for a in angles]])
    task.triplet_scale.assign(0.02)
    losses = task.losses({"logits": logits, "embedding": embedding}, {"classes": classes})
    assert float(losses.terms["degradation"][0]) == pytest.approx(math.log(22), rel=1e-6)
    # JPEG: 1 - 2 + 1 = 0; rotation has no order; blur: 2 - 0 + 1 = 3. |T| is six edits and 6/21 of None.
    assert float(losses.terms["triplet"][0]) == pytest.approx((0 + 0 + 3) / (6 + 6 / 21), abs=1e-6)
    assert float(losses.patch_weights[0]) == 1.0
    task.entropy_alpha.assign(0.2)
    losses = task.losses({"logits": logits, "embedding": embedding}, {"classes": classes})
    assert float(losses.patch_weights[0]) == pytest.approx(1 - 0.2 * math.log(22) / 22, rel=1e-5)


@pytest.mark.parametrize(("of", "expected"), [("applied", 0.0), ("prediction", math.log(2) / 6)])
def test_the_entropy_of_a_patch_is_the_mean_over_its_edits(of, expected):
    task = DegradationTask(DegradationOptions(entropy_of=of), RECIPE)
    classes = tf.constant([[0, 1, 2, 5, 6, 8, 9]])
    # Sure of all edits but the last, of which it halves its belief between two classes that are both wrong.
    halves = 50.0 * tf.one_hot([[20]], 22) + 50.0 * tf.one_hot([[21]], 22)
    logits = tf.concat([tf.zeros([1, 1, 22]), tf.one_hot(classes[:, 1:6], 22) * 50, halves], axis=1)
    task.entropy_alpha.assign(2.0)
    outputs = {"logits": logits, "embedding": tf.eye(7)[tf.newaxis]}
    losses = task.losses(outputs, {"classes": classes})
    assert float(losses.patch_weights[0]) == pytest.approx(1 - 2 * expected, abs=1e-6)
    task.update_metrics(outputs, {"classes": classes}, losses)
    assert task.epoch_logs()["entropy_weight"] == pytest.approx(1 - 2 * expected, abs=1e-6)


def test_the_applied_entropy_is_in_nats():
    with pytest.raises(UsageError, match="entropy_unit=normalised: expected nats, without entropy_of=pred"):
        DegradationOptions(entropy_unit="normalised")


def test_entropy_per_view_weighs_views_not_patches():
    task = DegradationTask(
        DegradationOptions(entropy_of="prediction", entropy_per="view", parameters_per_operation=1), RECIPE
    )
    task.entropy_alpha.assign(10.0)
    logits = tf.stack([[100.0] + [0.0] * 21, [0.0] * 22, [0.0] * 22, [0.0] * 22])[tf.newaxis]
    losses = task.losses({"logits": logits, "embedding": None}, {"classes": tf.constant([[1, 2, 3, 4]])})
    assert losses.patch_weights is None
    # Only the certain (and wrong: loss 100) first view has a weight, 1 of 4 views.
    assert float(losses.terms["degradation"][0]) == pytest.approx(100 / 4, rel=1e-5)
    # What is logged, and what a plateau is read from, has no weights.
    logged = float(losses.unweighted["degradation"][0])
    assert logged == pytest.approx((100 + 3 * math.log(22)) / 4, rel=1e-5)
    assert list(losses.terms) == task.loss_names() == ["degradation"]


@pytest.mark.parametrize(
    "precision",
    ["float32", *(pytest.param(name, marks=pytest.mark.long) for name in ("bfloat16", "float16"))],
)
def test_a_few_steps_learn_to_tell_rotations_of_one_photo(precision):
    recipe = dataclasses.replace(RECIPE, precision=precision, learning_rate=0.05)
    task = DegradationTask(DegradationOptions(), recipe)
    try:
        model = build_model(task, steps_per_epoch=100)
        batch = task.views(patches())
        first = float(model.train_step(batch)["degradation"])
        for _ in range(15):
            model.reset_metrics()
            logs = model.train_step(batch)
        assert float(logs["degradation"]) < 0.6 * first
        assert model.head.output["logits"].dtype == tf.float32
        assert all(variable.dtype == tf.float32 for variable in model.encoder.trainable_variables)
    finally:
        keras.mixed_precision.set_global_policy("float32")


def test_metrics_count_what_was_predicted(task):
    classes = tf.constant([[0, 1, 2, 5, 6, 8, 9]])
    logits = tf.one_hot([[0, 1, 1, 5, 5, 8, 9]], 22) * 50
    outputs = {"logits": logits, "embedding": tf.eye(7)[tf.newaxis]}
    task.update_metrics(outputs, {"classes": classes}, task.losses(outputs, {"classes": classes}))
    assert float(task.step_logs()["accuracy"]) == pytest.approx(5 / 7)
    logs = task.epoch_logs()
    names = {item.index: item.operation for item in CLASSES}
    assert logs["accuracy/none"] == 1.0
    assert logs[f"accuracy/{names[1]}"] == 0.5
    assert logs[f"accuracy/{names[5]}"] == 0.5
    assert logs[f"accuracy/{names[8]}"] == 1.0
    assert logs["entropy_weight"] == 1.0
    # All distances are equal, so every ordered pair has a hinge of 1: active.
    assert logs["active_triplets"] == 1.0


@pytest.mark.parametrize(
    ("left_out", "gone"),
    [("noise", {"jpeg", "gaussian_noise"}), ("soft", {"downsampling", "quantization", "pixelation"})],
)
def test_an_attribute_left_out_is_never_drawn_and_none_keeps_its_share(left_out, gone):
    task = DegradationTask(DegradationOptions(leave_out=left_out), RECIPE)
    small = {"patches": tf.zeros([100, 32, 32, 3], tf.uint8), "photo": tf.range(100, dtype=tf.int64)}
    drawn = set(task.views({**small, "seed": tf.constant([3, 4])})["classes"].numpy().ravel())
    assert drawn == {item.index for item in CLASSES if item.operation not in gone}
    assert task.none_weight == pytest.approx(6 / (21 - 2 * len(gone)))
    assert len(task.class_names) == 22


def test_too_many_operations_for_what_is_left_are_refused():
    DegradationOptions(operations_per_patch=10)
    with pytest.raises(UsageError, match="operations_per_patch=8: expected 1 to 7"):
        DegradationOptions(operations_per_patch=8, leave_out="soft")


@pytest.mark.parametrize("value", [-0.1, math.inf, math.nan])
@pytest.mark.parametrize("name", ["block_weight", "triplet_weight", "triplet_margin", "entropy_alpha"])
def test_weights_of_the_loss_are_finite_and_not_negative(name, value):
    with pytest.raises(UsageError, match=f"{name}={value}: expected a number, 0 or more"):
        DegradationOptions(**{name: value})


@pytest.mark.parametrize("triplets", [{"parameters_per_operation": 1}, {"triplet_weight": 0.0}])
def test_weight_decay_alone_is_refused(triplets):
    DegradationOptions(classification_weight=0.0, block_weight=0.1, **triplets)
    with pytest.raises(UsageError, match="classification_weight=0.0: expected above 0, for"):
        DegradationOptions(classification_weight=0.0, **triplets)


def test_the_triplet_loss_alone_and_the_normalised_entropy():
    task = DegradationTask(
        DegradationOptions(classification_weight=0.0, entropy_of="prediction", entropy_unit="normalised"),
        RECIPE,
    )
    task.triplet_scale.assign(0.02)
    task.entropy_alpha.assign(0.25)
    blur = [item.index for item in CLASSES if item.operation == "gaussian_blur"]
    outputs = {"logits": tf.zeros([1, 7, 22]), "embedding": tf.ones([1, 7, 2])}
    losses = task.losses(outputs, {"classes": tf.constant([[0, *blur, 8, 9, 6, 7]])})
    # No view is told apart: entropy is at its highest, 1 when normalised, and so w_p is 1 - 0.25.
    assert float(losses.patch_weights[0]) == pytest.approx(0.75)
    # All distances are 0: each ordered pair has the margin, 1. Only Eq. 2 is left in Eq. 3.
    assert float(total_loss(losses)) == pytest.approx(0.75 * 0.02 * float(losses.terms["triplet"][0]))
    assert float(losses.terms["triplet"][0]) > 0


@pytest.mark.parametrize(("device", "form"), [("cpu", "codec"), ("gpu", "dct")])
def test_what_auto_came_to_is_known(device, form):
    task = DegradationTask(DegradationOptions(), RECIPE, device)
    assert task.resolved() == {"degrade_on": device, "precision": "float32", "jpeg": form}
