"""How far the batched DCT form of JPEG is from the codec, as PSNR over a folder of photos at 227 px.

python benchmarks/jpeg_agreement.py --photos ../shared/data/photos/bsds500
"""

from __future__ import annotations

import argparse

import numpy as np
import tensorflow as tf

from aesthkeras.degradations import JPEGCompression
from aesthkeras.photos.sources import find_photos
from aesthkeras.photos.views import serving_pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", default="samples")
    paths = find_photos(parser.parse_args().photos)
    photos = tf.data.Dataset.from_tensor_slices(paths)
    photos = photos.map(lambda path: serving_pixels(tf.io.read_file(path), 256, 227), tf.data.AUTOTUNE)
    for quality in (60, 10):
        decibels: list[float] = []
        for batch in photos.batch(20):
            codec, dct = (JPEGCompression(quality, form)(batch) for form in ("codec", "dct"))
            decibels += tf.image.psnr(codec, dct, 255).numpy().tolist()
        print(
            f"quality {quality}, {len(decibels)} photos: "
            f"mean {np.mean(decibels):.1f} dB, least {min(decibels):.1f} dB"
        )


if __name__ == "__main__":
    main()
