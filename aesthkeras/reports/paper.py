"""Table 2 of the paper: its own accuracies, in percent, for AVA, AADB and CUHK-PQ.

The numbers stand in `paper_table2.csv` as printed, averages included; the averages of two of its rows differ
from the mean of their five layers by more than rounding (`PRINTED_AVERAGES_OFF`).
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from pathlib import Path

SOURCE = Path(__file__).with_name("paper_table2.csv")

# (method, data set): the mean of the five printed layers, which is not the average printed beside them.
PRINTED_AVERAGES_OFF = {("Context", "CUHK-PQ"): 76.14, ("Ours", "AVA"): 80.04}


@lru_cache(maxsize=1)
def paper_table() -> dict[str, dict[str, dict[str, float]]]:
    """Data set -> method -> column (conv1 .. conv5, average) -> accuracy in percent, in printed order."""
    table: dict[str, dict[str, dict[str, float]]] = {}
    with open(SOURCE, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            method, dataset = row.pop("method"), row.pop("dataset")
            table.setdefault(dataset, {})[method] = {name: float(text) for name, text in row.items()}
    return table


def paper_rows(dataset: str) -> dict[str, dict[str, float]]:
    """Method -> column -> accuracy of the paper's data set of that name (`cuhkpq` is CUHK-PQ), or none."""
    return next((rows for name, rows in paper_table().items() if _key(name) == _key(dataset)), {})


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
