"""What a plain ridge makes of encoders: the quick measure by which encoders and poolings are compared.

    PYTHONPATH=. nice python benchmarks/ridge.py --data_dir=../shared/data/oasis --encoder=savedmodels/quality
    ... --encoder=savedmodels/quality,statistics --pooling=covariance

All blocks of the centre crop, pooled and standardised, go into one ridge regression of the mean rating. Where
several encoders are named, each counts the same, as in a head. Its strength is chosen by leave-one-out on the
training photos. Printed: Spearman's correlation over all photos, each predicted by a fold's other photos, as
the mean over the repeats. Folds and groups are those of `probe` and `adapt`. One number says little: repeats
share their photos, and differences under .03 are not to be trusted.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from absl import app, flags
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.encoders.blocks import EMBEDDING
from aesthkeras.encoders.side_by_side import parts_of
from aesthkeras.finding.find import find_encoder
from aesthkeras.labelled.features import extract_features
from aesthkeras.labelled.metrics import correlation
from aesthkeras.labelled.protocols import draw_folds, read_labelled_photos
from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.scorers.fitting import equal_shares

FLAGS = flags.FLAGS
flags.DEFINE_string("encoder", None, "As --encoder of probe.", required=True)
flags.DEFINE_string("data_dir", None, "Folder with a labels.csv.", required=True)
flags.DEFINE_string("pooling", "statistics", "As --pooling of probe.")
flags.DEFINE_integer("tiles", 0, "As --tiles of probe.")
flags.DEFINE_integer("repeats", 4, "How often five folds are drawn.")
flags.DEFINE_string("run_dir", "runs/ridge", "Folder that keeps the features, for the next run of the same.")

FOLDS = 5
STRENGTHS = np.logspace(1, 6, 11)


def main(_: list[str]) -> None:
    photos, _, _ = read_labelled_photos("csv", FLAGS.data_dir, DatasetSettings(), "kfold")
    encoder = find_encoder(FLAGS.encoder, tiles=FLAGS.tiles)
    Path(FLAGS.run_dir).mkdir(parents=True, exist_ok=True)
    photo_set = inspect_photos(photos.paths, FLAGS.run_dir, encoder.resize)
    photos = photos.subset([photos.paths.index(path) for path in photo_set.paths])
    blocks = [name for name in encoder.model.output if name != EMBEDDING]
    found = extract_features(encoder, photo_set, f"{FLAGS.run_dir}/features", blocks, FLAGS.pooling)
    values = {name: found[name].shape[2] for name in blocks}
    features = np.concatenate([found[name][:, 0] for name in blocks], axis=1)
    shares, scores = equal_shares(values, parts_of(encoder.model)), np.asarray(photos.scores)
    measured = []
    for repeat in range(FLAGS.repeats):
        folds, predicted = draw_folds(photos, FOLDS, 0, repeat), np.zeros(len(scores))
        for fold in range(FOLDS):
            train = folds != fold
            scale = StandardScaler().fit(features[train])
            ridge = RidgeCV(STRENGTHS).fit(scale.transform(features[train]) * shares, scores[train])
            predicted[~train] = ridge.predict(scale.transform(features[~train]) * shares)
        measured.append(correlation(scores, predicted)["srcc"])
    print(f"{encoder.name}, {FLAGS.pooling}, {features.shape[1]} values: SRCC {np.mean(measured):.3f}")


if __name__ == "__main__":
    app.run(main)
