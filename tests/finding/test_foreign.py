"""SavedModels and AlexNet weights of others, as encoders."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf
from scipy.signal import correlate

from aesthkeras.encoders.float32 import float32_copy
from aesthkeras.encoders.released_alexnet import GroupedConvolution
from aesthkeras.encoders.scaling import SCALINGS, PixelScaling
from aesthkeras.errors import UsageError
from aesthkeras.finding.find import find_encoder
from aesthkeras.networks.heads import build_network, build_scorer
from aesthkeras.networks.pooling import describe
from aesthkeras.networks.saving import export_scorer


def pixels(edge: int, count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, edge, edge, 3), np.uint8)


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [
        ("0..255", [255.0, 0.0, 51.0]),
        ("0..1", [1.0, 0.0, 0.2]),
        ("-1..1", [1.0, -1.0, -0.6]),
        ("imagenet", [(1 - 0.485) / 0.229, -0.456 / 0.224, (0.2 - 0.406) / 0.225]),
        ("caffe", [51 - 103.939, -116.779, 255 - 123.68]),
    ],
)
def test_a_pixel_in_every_scaling(scaling, expected):
    """Red 255, green 0, blue 51."""
    answer = PixelScaling(scaling)(np.array([[[[255, 0, 51]]]], np.uint8))
    np.testing.assert_allclose(answer[0, 0, 0], expected, rtol=1e-5, atol=1e-5)
    assert scaling in SCALINGS


class Foreign(tf.Module):
    """Another's network: doubles of its images, which lie in [0, 1], and their means."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], name="images")])
    def seen(self, images):
        maps = tf.concat([images, images], -1) * self.factor
        return {"maps": maps[:, ::2, ::2], "deep": maps[:, ::4, ::4], "mean": tf.reduce_mean(maps, [1, 2])}


SAID = {
    "signature": "seen",
    "input": "images",
    "blocks": {"first": "maps", "second": "deep"},
    "embedding": "mean",
    "crop": 40,
    "resize": 44,
    "scaling": "0..1",
}


@pytest.fixture
def foreign(tmp_path):
    model = Foreign()
    tf.saved_model.save(model, str(tmp_path / "theirs"), {"seen": model.seen})
    return tmp_path / "theirs"


@pytest.mark.parametrize("place", ["theirs/aesthkeras.json", "theirs.json"])
def test_a_saved_model_with_a_json(foreign, place):
    (foreign.parent / place).write_text(json.dumps(SAID))
    found = find_encoder(str(foreign))
    assert (found.crop, found.resize, found.name) == (40, 44, "theirs")
    assert (found.blocks, found.embedding) == (["first", "second"], "embedding")
    assert found.model.output["first"].shape == (None, 20, 20, 6)
    outputs, shown = found.model(pixels(40)), pixels(40) / 255
    np.testing.assert_allclose(outputs["first"][..., 3:], 2 * shown[:, ::2, ::2], rtol=1e-5)
    np.testing.assert_allclose(outputs["embedding"][:, :3], 2 * shown.mean((1, 2)), rtol=1e-4)
    assert float(found.model.get_weights()[0]) == 2.0
    assert find_encoder(str(foreign)).fingerprint == found.fingerprint


def test_it_can_be_put_in_tiles_copied_and_scored_with(foreign, tmp_path, jpeg):
    (foreign / "aesthkeras.json").write_text(json.dumps(SAID))
    tiled = find_encoder(str(foreign), tiles=2)
    described = describe(float32_copy(tiled.model)(pixels(80)))
    # the whole square at the size of a tile: means of 2 x 2 pixels, rounded
    small = np.round(pixels(80).reshape(2, 40, 2, 40, 2, 3).mean((2, 4)))
    np.testing.assert_allclose(described["embedding"][:, :3], 2 / 255 * small.mean((1, 2)), rtol=1e-3)
    scorer = build_scorer(build_network({"embedding": 6}, [], 1), "binary")
    version = export_scorer(tiled.model, scorer, tmp_path / "m", resize_edge=88, meaning={"target": "binary"})
    served = tf.saved_model.load(str(version)).signatures["pixels"](pixels=tf.constant(pixels(88)))
    np.testing.assert_allclose(
        served["score"], scorer({"embedding": served["embedding"]})["score"], rtol=1e-5
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"signature": "other"},
        {"input": "photos"},
        {"blocks": {"first": "map"}},
        {"blocks": {}},
        {"blocks": {"../first": "maps"}},
        {"embedding": "means"},
        {"scaling": "0..7"},
        {"crop": "large"},
        {"crop": 500, "resize": 400},
        {"blocks": {"first": "mean"}},
    ],
)
def test_a_json_that_does_not_fit_is_refused_in_one_line(foreign, wrong):
    (foreign / "aesthkeras.json").write_text(json.dumps({**SAID, **wrong}))
    with pytest.raises(UsageError, match="^encoder=.*theirs: expected") as caught:
        find_encoder(str(foreign))
    assert "\n" not in str(caught.value)


def test_without_a_json_the_line_says_what_there_is(foreign):
    with pytest.raises(UsageError, match="aesthkeras.json.*seen takes images and answers deep, maps, mean"):
        find_encoder(str(foreign))


def relu(values: np.ndarray) -> np.ndarray:
    return np.maximum(values, 0)


def convolved(
    maps: np.ndarray, kernel: np.ndarray, bias: np.ndarray, stride: int, padding: int
) -> np.ndarray:
    """A grouped convolution of one photo, channel by channel in loops: `[H, W, C]` -> `[H', W', filters]`."""
    padded = np.pad(maps.astype(np.float64), [(padding, padding), (padding, padding), (0, 0)])
    groups = maps.shape[-1] // kernel.shape[2]
    each_in, each_out = kernel.shape[2], kernel.shape[3] // groups
    filtered = []
    for filter_ in range(kernel.shape[3]):
        first = filter_ // each_out * each_in
        total = sum(
            correlate(
                padded[..., first + channel], kernel[:, :, channel, filter_].astype(np.float64), "valid"
            )
            for channel in range(each_in)
        )
        filtered.append(total[::stride, ::stride] + bias[filter_])
    return np.stack(filtered, -1)


def normalized(maps: np.ndarray) -> np.ndarray:
    answer = np.empty_like(maps)
    for channel in range(maps.shape[-1]):
        near = maps[..., max(0, channel - 2) : channel + 3]
        answer[..., channel] = maps[..., channel] / (1 + 1e-4 / 5 * (near**2).sum(-1)) ** 0.75
    return answer


def pooled(maps: np.ndarray, covers: bool) -> np.ndarray:
    """Max of 3 x 3 with stride 2; where it covers, a window may reach beyond the map (Caffe rounds up)."""
    count = (maps.shape[0] - 3 + covers) // 2 + 1
    rows = [
        [maps[2 * r : 2 * r + 3, 2 * c : 2 * c + 3].max((0, 1)) for c in range(count)] for r in range(count)
    ]
    return np.array(rows)


@pytest.mark.parametrize("groups", [1, 2])
def test_grouped_convolution_is_that_of_loops_and_has_a_gradient(groups):
    rng = np.random.default_rng(groups)
    maps, kernel = rng.normal(size=(1, 9, 9, 4)), rng.normal(size=(3, 3, 4 // groups, 6))
    layer, bias = GroupedConvolution(6, 3, 2, 1, groups), rng.normal(size=6)
    layer.build(maps.shape)
    layer.set_weights([kernel, bias])
    with tf.GradientTape() as tape:
        answer = layer(maps.astype(np.float32))
    np.testing.assert_allclose(answer[0], convolved(maps[0], kernel, bias, 2, 1), rtol=1e-4, atol=1e-4)
    assert tape.gradient(answer, layer.kernel).shape == kernel.shape


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    """A small AlexNet with the original's groups: conv2, conv4 and conv5 see half of the channels."""
    shapes = {
        "conv1": (11, 11, 3, 8),
        "conv2": (5, 5, 4, 8),
        "conv3": (3, 3, 8, 12),
        "conv4": (3, 3, 6, 12),
        "conv5": (3, 3, 6, 8),
    }
    rng, found = np.random.default_rng(5), {}
    for name, shape in shapes.items():
        found[f"{name}/kernel"] = rng.normal(0, (2 / np.prod(shape[:3])) ** 0.5, shape).astype(np.float32)
        found[f"{name}/bias"] = rng.normal(0, 0.1, shape[-1]).astype(np.float32)
    return found


def by_hand(photo: np.ndarray, weights, source: str, lrn: bool) -> dict[str, np.ndarray]:
    values = photo.astype(np.float64)
    if source == "caffe":
        maps = values[..., ::-1] - [103.939, 116.779, 123.68]
    else:
        maps = (values / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    outputs = {}
    for number in range(1, 6):
        name = f"conv{number}"
        padding = {"caffe": (0, 2, 1, 1, 1), "torch": (2, 2, 1, 1, 1)}[source][number - 1]
        stride = 4 if number == 1 else 1
        maps = relu(convolved(maps, weights[f"{name}/kernel"], weights[f"{name}/bias"], stride, padding))
        outputs[name] = maps
        if number < 3:
            maps = pooled(normalized(maps) if lrn else maps, covers=source == "caffe")
    return outputs


@pytest.mark.parametrize(("source", "lrn", "crop"), [("caffe", True, 99), ("torch", False, 96)])
def test_released_alexnets_answer_what_loops_answer(source, lrn, crop, weights, tmp_path):
    np.savez(tmp_path / "theirs.npz", **weights)
    options = f"source={source}&lrn={str(lrn).lower()}&crop={crop}&resize=110"
    found = find_encoder(f"alexnet:{tmp_path}/theirs.npz?{options}")
    assert (found.crop, found.resize, found.name, found.embedding) == (crop, 110, "theirs", None)
    shown = pixels(crop, 1)
    outputs = found.model(shown)
    expected = by_hand(shown[0], weights, source, lrn)
    assert found.blocks == list(expected)
    for name, block in expected.items():
        assert outputs[name].shape[1:] == block.shape and block.max() > 0
        np.testing.assert_allclose(outputs[name][0], block, rtol=1e-3, atol=1e-3 * block.max(), err_msg=name)
    copy = float32_copy(found.model)
    np.testing.assert_allclose(copy(shown)["conv5"], outputs["conv5"], rtol=1e-5)


def test_the_sources_have_their_own_sizes(weights, tmp_path):
    np.savez(tmp_path / "theirs.npz", **{name: one for name, one in weights.items() if "kernel" in name})
    caffe = find_encoder(f"alexnet:{tmp_path}/theirs.npz")  # no biases: zeros
    torch = find_encoder(f"alexnet:{tmp_path}/theirs.npz?source=torch")
    assert (caffe.crop, caffe.resize, torch.crop, torch.resize) == (227, 256, 224, 256)
    for found in (caffe, torch):
        assert [found.model.output[name].shape[1] for name in found.blocks] == [55, 27, 13, 13, 13]


def drop_kernel(weights):
    del weights["conv3/kernel"]


def break_groups(weights):
    weights["conv4/kernel"] = weights["conv4/kernel"][:, :, :5]


def break_bias(weights):
    weights["conv1/bias"] = weights["conv1/bias"][:3]


def flatten_kernel(weights):
    weights["conv5/kernel"] = weights["conv5/kernel"].ravel()


@pytest.mark.parametrize("damage", [drop_kernel, break_groups, break_bias, flatten_kernel])
def test_other_weights_are_refused_in_one_line(damage, weights, tmp_path):
    changed = dict(weights)
    damage(changed)
    np.savez(tmp_path / "theirs.npz", **changed)
    with pytest.raises(
        UsageError, match="^encoder=alexnet:.*expected an .npz file of conv1/kernel"
    ) as caught:
        find_encoder(f"alexnet:{tmp_path}/theirs.npz")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("options", ["?source=mxnet", "?scaling=x", "?lrn=1", "?groups=2", "?crop=50", ""])
def test_other_options_and_files_are_refused_in_one_line(options, weights, tmp_path):
    file = tmp_path / "theirs.npz"
    if options:
        np.savez(file, **weights)
    with pytest.raises(UsageError, match="^encoder=alexnet:.*expected ") as caught:
        find_encoder(f"alexnet:{file}{options}")
    assert "\n" not in str(caught.value)
    file.write_text("no zip")
    with pytest.raises(UsageError, match="^encoder=alexnet:.*expected "):
        find_encoder(f"alexnet:{file}{options}")
