"""A report made in a folder, and its files read back."""

from __future__ import annotations

import csv
from html.parser import HTMLParser

from aesthkeras.reports.measures import MEASURES
from aesthkeras.reports.probe_report import ReportChoices, make_report
from aesthkeras.reports.probe_runs import read_probe_run
from aesthkeras.reports.report_files import write_report

VOID = {"meta", "img", "br", "hr", "link", "input"}


def reported(folders, out, **choices):
    choices.setdefault("measure", MEASURES["accuracy"])
    choices.setdefault("resamples", 200)
    runs = [read_probe_run(str(folder)) for folder in folders]
    report = make_report(runs, ReportChoices(**choices), "", "python -m aesthkeras.report ...")
    write_report(report, str(out))
    return report


def lines(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def markdown_tables(text):
    """Heading -> rows (cells as text), for each table of a Markdown file."""
    tables, heading = {}, ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("|"):
            tables.setdefault(heading, []).append([cell.strip() for cell in line.strip("|").split(" | ")])
    return tables


class Page(HTMLParser):
    """Refuses tags that do not close in order; gathers attributes, text and table cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
