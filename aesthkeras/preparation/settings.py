"""What a person may decide about the preparation of a data set. This file imports no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

from aesthkeras.culling.perceptual import NEAR_BITS
from aesthkeras.settings import require, setting


@dataclass(frozen=True)
class PreparationSettings:
    """How photos are stored in shards, and when two of them count as the same picture."""

    resize: int = setting(256, "shorter edge in pixels of the photos in the shards")
    jpeg_quality: int = setting(95, "JPEG quality of the resized photos, 1 to 100")
    original_bytes: bool = setting(
        False, "store each photo's file as it is, instead of resizing and encoding it anew"
    )
    shard_photos: int = setting(1000, "about how many photos one shard holds")
    near_bits: int = setting(
        NEAR_BITS, "photos whose 64-bit perceptual hashes differ in at most so many bits are near duplicates"
    )

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the setting."""
        require(self, "resize", 16 <= self.resize <= 4096, "pixels from 16 to 4096")
        require(self, "jpeg_quality", 1 <= self.jpeg_quality <= 100, "a quality from 1 to 100")
        require(self, "shard_photos", self.shard_photos >= 1, "at least 1 photo a shard")
        require(self, "near_bits", 0 <= self.near_bits <= 8, "bits from 0 to 8")
