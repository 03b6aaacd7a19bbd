"""Rows of a csv file, however a spreadsheet writes it: delimiters, quotes, line ends, rows of nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from aesthkeras.datasets.listing import lines
from aesthkeras.errors import UsageError

DELIMITERS = (",", ";", "\t")

CsvRow = tuple[int, list[str]]
"""The number of a row's first line, and its fields without the blanks around them."""


def read_rows(path: str, key: str, expected: str) -> tuple[list[str], Iterator[CsvRow]]:
    """The header and the rows of a csv file; one reader reads both.

    Args:
        path: of the file.
        key: a column that there must be. The delimiter is the first that gives it: `,`, `;`, tab.
        expected: says what the file belongs to.

    Returns:
        The names of the columns in lower case, those that `,` gives where no delimiter gives `key`; and the
        rows below.

    Raises:
        UsageError: no such file, not UTF-8 text, or, while rows are taken, one that is no csv or has more or
            fewer fields than the header.
    """
    headers: list[list[str]] = []
    errors: list[UsageError] = []
    for delimiter in DELIMITERS:
        rows = _parsed(path, delimiter, expected)
        try:
            names = [name.lower() for name in next(rows, (1, []))[1]]
        except UsageError as error:  # quotes make no sense with another delimiter
            errors.append(error)
            continue
        if key in names:
            return names, _of_width(rows, len(names), path)
        headers.append(names)
    if not headers:
        raise errors[0]
    return headers[0], iter(())


def _parsed(path: str, delimiter: str, expected: str) -> Iterator[CsvRow]:
    numbers: list[int] = []  # of the lines that the next row is made of

    def texts() -> Iterator[str]:
        for number, line in lines(path, expected):
            numbers.append(number)
            yield f"{line}\n"

    try:
        for fields in csv.reader(texts(), delimiter=delimiter, strict=True, skipinitialspace=True):
            stripped = [field.strip() for field in fields]
            if any(stripped):  # spreadsheets write rows of nothing but delimiters
                yield numbers[0], stripped
            numbers.clear()
    except csv.Error as error:
        raise UsageError(f"{path}:{numbers[0] if numbers else 1}: malformed row: {error}") from error


def _of_width(rows: Iterator[CsvRow], width: int, path: str) -> Iterator[CsvRow]:
    for number, fields in rows:
        if len(fields) != width:
            raise UsageError(f"{path}:{number}: {len(fields)} fields; expected {width}, as in the first line")
        yield number, fields
