"""The report as a person gets it: Markdown, CSV, figures and a page, and refusals in one line."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from aesthkeras.errors import UsageError
from aesthkeras.reports.measures import MEASURES
from aesthkeras.reports.probe_report import ReportChoices, make_report
from aesthkeras.reports.probe_runs import read_probe_run
from aesthkeras.reports.report_files import write_report

VOID = {"meta", "img", "br", "hr", "link", "input"}


@pytest.fixture(scope="module")
def out(folders, tmp_path_factory):
    """Where the report of all runs lies, the paper's numbers in it."""
    folder = tmp_path_factory.mktemp("report")
    reported(folders, folder, with_paper=True)
    return folder


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


def test_probes_with_several_seeds_are_said_to_be_compared_by_their_mean(probe_run, scores):
    several = "compared by the mean of their seeds' probabilities"
    folders = [probe_run(name, scores(0.5, (1,))) for name in ("a", "b")]
    choices = ReportChoices(measure=MEASURES["accuracy"], resamples=50)
    one = make_report([read_probe_run(str(folder)) for folder in folders], choices, "", "")
    assert several not in " ".join(one.notes)
    table = folders[0] / "results.csv"
    with open(table, newline="") as file:
        header, *rows = csv.reader(file)
    place = header.index("seed")
    more = [[*row[:place], "99", *row[place + 1 :]] for row in rows]
    with open(table, "w", newline="") as file:
        csv.writer(file).writerows([header, *rows, *more])
    two = make_report([read_probe_run(str(folder)) for folder in folders], choices, "", "")
    assert several in " ".join(two.notes)


def test_all_files_are_there_and_nothing_lies_aside(out):
    found = sorted(str(path.relative_to(out)) for path in out.rglob("*.*"))
    assert found == [
        "figures/differences_aadb.png",
        "figures/differences_oasis.png",
        "figures/layers_aadb.png",
        "figures/layers_oasis.png",
        "figures/low_data_aadb_conv3.png",
        "figures/low_data_oasis_conv3.png",
        "report.html",
        "report.md",
        "tables/differences.csv",
        "tables/low_data.csv",
        "tables/table2.csv",
    ]
    for path in (out / "figures").iterdir():
        with Image.open(path) as picture:
            assert picture.size[0] > 800
            assert np.asarray(picture.convert("L")).std() > 5


def test_numbers_worked_out_by_hand(out):
    rows = {row[0]: row[1:] for row in markdown_tables((out / "report.md").read_text())["OASIS"]}
    # two repeats 2 points apart: deviation sqrt(2); layers 1 point apart: the average is conv3's
    assert rows["pretext"] == [f"**{value}.0 ± 1.4**" for value in (72, 73, 74, 75, 76, 74)]
    assert rows["plain"] == [f"<ins>{value}.0 ± 1.4</ins>" for value in (57, 58, 59, 60, 61, 59)]
    assert rows["loser"] == [f"{value}.0 ± 1.4" for value in (42, 43, 44, 45, 46, 44)]


def test_a_tie_is_bold_twice(out):
    rows = {row[0]: row[1:] for row in markdown_tables((out / "report.md").read_text())["AADB"]}
    assert rows["pretext"] == rows["plain"]
    assert all(cell.startswith("**") for cell in rows["plain"])


def test_markdown_and_csv_carry_the_same_numbers(out):
    tables = markdown_tables((out / "report.md").read_text())
    cells = {
        (row["dataset"], row["source"], row["encoder"], row["column"]): row
        for row in lines(out / "tables/table2.csv")
    }
    shown = 0
    for dataset in ("OASIS", "AADB"):
        head, _, *rows = tables[dataset]
        for name, *texts in rows:
            source, plain = ("paper", name[7:]) if name.startswith("paper: ") else ("ours", name)
            for column, text in zip(head[1:], texts):
                row = cells[dataset, source, plain, column]
                number = f"{float(row['mean']):.1f}"
                number += f" ± {float(row['deviation']):.1f}" if row["deviation"] else ""
                assert text == {"1": f"**{number}**", "2": f"<ins>{number}</ins>", "": number}[row["rank"]]
                shown += 1
    assert shown == len(cells) == 6 * (5 + 9)


def test_differences_in_markdown_csv_and_page(out):
    head, _, *rows = markdown_tables((out / "report.md").read_text())["OASIS: accuracy (%), less plain"]
    shown = {(row[0], column): text for row in rows for column, text in zip(head[1:], row[1:])}
    found = [row for row in lines(out / "tables/differences.csv") if row["dataset"] == "OASIS"]
    assert len(found) == len(shown) == 12
    page = " ".join(Page((out / "report.html").read_text()).words)
    for row in found:
        mean, low, high = (f"{float(row[name]):+.1f}" for name in ("difference", "low", "high"))
        star = r" \*" if row["excludes_zero"] == "True" else ""
        assert shown[row["encoder"], row["column"]] == f"{mean} [{low}, {high}]{star}"
        assert f"{low} to {high}" in page
    average = {row["encoder"]: row for row in found if row["column"] == "average"}
    # 200 photos, each tested in both repeats: the pooled difference is that of the table
    assert float(average["pretext"]["difference"]) == pytest.approx(15, abs=1e-3)
    assert float(average["loser"]["difference"]) == pytest.approx(-15, abs=1e-3)
    assert average["loser"]["excludes_zero"] == "True"  # who loses is shown too


def test_the_page_needs_nothing_beside_it(out):
    text = (out / "report.html").read_text()
    page = Page(text)
    assert "http" not in re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "object"})
    sources = [attributes["src"] for _, attributes in page.tags if "src" in attributes]
    assert len(sources) == 6
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert not any("href" in attributes for _, attributes in page.tags)
    assert "url(" not in text


def test_names_are_shown_as_they_are(probe_run, scores, tmp_path):
    name = "<b>odd</b> | *name* & co"
    folders = [probe_run(name, scores(0.6), name="odd"), probe_run("b", scores(0.5))]
    reported(folders, tmp_path / "out")
    page = Page((tmp_path / "out/report.html").read_text())
    assert name in page.words
    rows = markdown_tables((tmp_path / "out/report.md").read_text())["OASIS"]
    assert any(r"&lt;b>odd&lt;/b> \| \*name\* & co" in " | ".join(row) for row in rows)


def test_the_papers_rows_are_marked_and_never_bold(out):
    rows = markdown_tables((out / "report.md").read_text())["AADB"]
    theirs = [row for row in rows if row[0].startswith("paper: ")]
    assert len(theirs) == 9
    assert theirs[-1] == ["paper: Ours", "62.6", "65.9", "68.4", "68.9", "65.8", "66.3"]
    # ours are 61 to 65, below the paper's best, and bold all the same
    assert next(row for row in rows if row[0] == "pretext")[1] == "**62.0 ± 1.4**"
    assert "76.16, mean 76.14" in (out / "report.md").read_text()


def test_the_papers_table_stands_apart_where_no_data_set_is_the_papers(folders, tmp_path):
    reported(folders[:3], tmp_path, with_paper=True)
    tables = markdown_tables((tmp_path / "report.md").read_text())
    assert len(tables["The paper's Table 2: CUHK-PQ"]) == 2 + 9
    assert not any(row[0].startswith("paper") for row in tables["OASIS"])
    assert "other data sets than these" in (tmp_path / "report.html").read_text()


def test_the_headline_says_who_leads_and_whether_it_is_more_than_chance(folders, tmp_path):
    report = reported(folders, tmp_path)
    first, second = (part.headline for part in report.sections)
    assert first.startswith("OASIS: pretext has the best accuracy averaged over layers, 74.0%; +15.0 points")
    assert "no difference" not in first
    assert "pretext and plain share" in second
    assert "no difference is shown" in second
    assert "Above plain on OASIS (95%" in report.headline
    (first,) = (part.headline for part in reported(folders[1:3], tmp_path).sections)
    assert "plain has the best" in first
    assert "and is the reference; next loser, -15.0 points" in first


@pytest.mark.parametrize(("wanted", "reference"), [("", "plain"), ("loser", "loser")])
def test_the_reference(folders, tmp_path, wanted, reference):
    assert reported(folders[:3], tmp_path, reference=wanted).reference == reference


def test_without_a_random_encoder_the_first_is_the_reference(folders, tmp_path):
    assert reported(folders[:2], tmp_path).reference == "pretext"


def test_a_single_run_of_one_layer_and_one_repeat(probe_run, tmp_path):
    reported([probe_run("a", {("conv5", 1, 0, 0): 0.6})], tmp_path / "out")
    text = (tmp_path / "out/report.md").read_text()
    assert "One repeat, so without a deviation" in text
    assert "| a | 60.0 | 60.0 |" in text
    assert not (tmp_path / "out/tables/differences.csv").exists()
    Page((tmp_path / "out/report.html").read_text())


def test_encoders_with_blocks_of_other_names_stand_side_by_side(probe_run, scores, tmp_path):
    theirs = {
        (layer, fraction, repeat, fold): value + 0.1
        for (_, fraction, repeat, fold), value in scores(0.6).items()
        for layer in ("block_1/expand", "block_2/expand")
    }
    folders = [
        probe_run("ours", scores(0.6), photos=200, spec="random:alexnet"),
        probe_run("theirs", theirs, photos=200),
        probe_run("third", scores(0.5), photos=200),
    ]
    report = reported(folders, tmp_path / "out")
    text = (tmp_path / "out/report.md").read_text()
    head, _, *rows = markdown_tables(text)["OASIS"]
    assert head[1:] == [*(f"conv{number}" for number in range(1, 6)), *theirs_columns(theirs), "average"]
    by_name = {row[0]: row[1:] for row in rows}
    assert by_name["theirs"][:5] == ["–"] * 5 and by_name["ours"][5:7] == ["–"] * 2
    assert by_name["theirs"][-1].startswith("**")
    (part,) = report.sections
    assert (list(part.comparison.rows), part.comparison.columns) == (["third"], (*head[1:6], "average"))
    assert part.headline == f"OASIS: theirs has the best accuracy averaged over layers, {shown(part)}%."
    assert "only encoders with the same blocks are compared" in text
    assert "theirs (block_2/expand)" in text
    low_data = lines(tmp_path / "out/tables/low_data.csv")
    assert {(row["encoder"], row["layer"]) for row in low_data} == {
        ("ours", "conv3"),
        ("theirs", "block_2/expand"),
        ("third", "conv3"),
    }
    assert (tmp_path / "out/figures/low_data_oasis_middle-block.png").exists()
    Page((tmp_path / "out/report.html").read_text())


def theirs_columns(scores):
    return list(dict.fromkeys(layer for layer, *_ in scores))


def shown(part):
    return f"{part.table.rows['theirs'][-1].mean:.1f}"


def test_other_measures(probe_run, tmp_path):
    def full(value):
        measures = {"accuracy": value, "auc": value, "srcc": value / 2}
        return {("conv1", 1, repeat, 0): measures for repeat in (0, 1)}

    folders = [probe_run("a", full(0.75), photos=100), probe_run("random", full(0.5), photos=100)]
    reported(folders, tmp_path / "srcc", measure=MEASURES["srcc"])
    text = (tmp_path / "srcc/report.md").read_text()
    assert "**0.375 ± 0.000**" in text
    assert "differences are in accuracy, not srcc" in text
    assert lines(tmp_path / "srcc/tables/differences.csv")[0]["measure"] == "accuracy"
    reported(folders, tmp_path / "auc", measure=MEASURES["auc"])
    assert lines(tmp_path / "auc/tables/differences.csv")[0]["measure"] == "auc"
    with pytest.raises(UsageError, match="metric=plcc"):
        reported(folders, tmp_path / "plcc", measure=MEASURES["plcc"])


def test_runs_with_few_labels_only_have_an_empty_row_and_a_note(folders, probe_run, scores, tmp_path):
    few = probe_run("few", scores(0.5, fractions=(0.1,)), photos=200)
    reported([*folders[:3], few], tmp_path / "out")
    text = (tmp_path / "out/report.md").read_text()
    assert "| few | – | – | – | – | – | – |" in text
    assert "few was not probed with all labels on OASIS" in text


def test_the_same_runs_make_the_same_report(folders, out, tmp_path):
    reported(folders, tmp_path, with_paper=True)
    for path in out.rglob("*.*"):
        assert path.read_bytes() == (tmp_path / path.relative_to(out)).read_bytes()


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"reference": "nobody"}, r"reference=nobody.*pretext"),
        ({"layer": "fc7"}, r"layer=fc7.*conv3"),
        ({"measure": MEASURES["srcc"]}, r"metric=srcc.*empty"),
    ],
)
def test_choices_that_fit_no_run(folders, tmp_path, choices, words):
    with pytest.raises(UsageError, match=words):
        reported(folders, tmp_path / "out", **choices)
    assert not (tmp_path / "out").exists()
