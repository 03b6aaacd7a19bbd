"""The files of a report as a person gets them: Markdown, CSV, figures and a page."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from PIL import Image

from tests.probe_runs import rising_scores
from tests.report_pages import Page, lines, markdown_tables, reported


@pytest.fixture(scope="module")
def out(folders, tmp_path_factory):
    """Where the report of all runs lies, the paper's numbers in it."""
    folder = tmp_path_factory.mktemp("report")
    reported(folders, folder, with_paper=True)
    return folder


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
        "tables/averages.csv",
        "tables/differences.csv",
        "tables/low_data.csv",
        "tables/side_by_side.csv",
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


def test_the_same_runs_make_the_same_report(folders, out, tmp_path):
    reported(folders, tmp_path, with_paper=True)
    for path in out.rglob("*.*"):
        assert path.read_bytes() == (tmp_path / path.relative_to(out)).read_bytes()


def test_the_table_of_runs_says_whether_an_encoder_learned(probe_run, tmp_path):
    record = {
        "moved": {"conv1": 0.015, "conv5": 0.31},
        "untrained": {"counts": 10.2},
        "trained": {"counts": 7.0},
    }
    (tmp_path / "model/2/assets").mkdir(parents=True)
    (tmp_path / "model/2/assets/run.json").write_text(json.dumps({"learned": record}))
    known = probe_run("counting", rising_scores(0.70), photos=200, spec=str(tmp_path / "model"))
    unknown = probe_run("plain", rising_scores(0.55), photos=200, spec="random:alexnet?seed=0")
    reported([known, unknown], tmp_path / "report")
    text = (tmp_path / "report/report.md").read_text()
    assert "| 1.5 to 31% | counts 7 (untrained 10.2) | OASIS |" in text
    assert "| random:alexnet?seed=0 |  |  | OASIS |" in text
    assert (
        "<td>1.5 to 31%</td><td>counts 7 (untrained 10.2)</td>"
        in (tmp_path / "report/report.html").read_text()
    )
