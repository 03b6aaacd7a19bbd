"""The numbers of the paper's Tables 2, 3 and 4: accuracies in percent, and losses of accuracy in points.

Those of Table 2 stand in `paper_table2.csv` as printed, averages included; the averages of two of its rows
differ from the mean of their five layers by more than rounding (`PRINTED_AVERAGES_OFF`). To Table 3 the text
adds AADB and CUHK-PQ.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from aesthkeras.labelled.description import ADAPTED

_Value = TypeVar("_Value")
PAPER_FOLDER = Path(__file__).parent
ACCURACY = "accuracy"

# (method, data set): the mean of the five printed layers, which is not the average printed beside them.
PRINTED_AVERAGES_OFF = {("Context", "CUHK-PQ"): 76.14, ("Ours", "AVA"): 80.04}


@lru_cache(maxsize=2)
def paper_table(number: int = 2) -> dict[str, dict[str, dict[str, float]]]:
    """Table 2 or 3: data set -> method -> column -> accuracy in percent, in printed order.

    The columns of Table 2 are conv1 .. conv5 and average; that of Table 3 is what reports call a scorer.
    """
    table: dict[str, dict[str, dict[str, float]]] = {}
    for row in _rows(number):
        method, dataset = row.pop("method"), row.pop("dataset")
        columns = {ADAPTED if name == ACCURACY else name: float(text) for name, text in row.items()}
        table.setdefault(dataset, {})[method] = columns
    return table


def paper_rows(dataset: str, number: int = 2) -> dict[str, dict[str, float]]:
    """Method -> column -> accuracy of the paper's data set of that name (`cuhkpq` is CUHK-PQ), or none."""
    return _of(dataset, paper_table(number)) or {}


def paper_losses(dataset: str) -> dict[str, str]:
    """Table 4: encoder, as its flag file is called -> what it loses on a data set, as printed; or none."""
    rows = _rows(4)
    columns = {name: name for name in rows[0] if name not in ("encoder", "attribute")}
    column = _of(dataset, columns)
    return {row["encoder"]: row[column] for row in rows} if column else {}


def _rows(number: int) -> list[dict[str, str]]:
    with open(PAPER_FOLDER / f"paper_table{number}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _of(dataset: str, table: Mapping[str, _Value]) -> _Value | None:
    """What belongs to the paper's data set of that name."""
    return next((value for name, value in table.items() if _key(name) == _key(dataset)), None)


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
