"""The flag files of the paper's tables and figures, walked through on small trees of the published layouts.

One row is truly trained, probed and adapted: a tiny network, for three steps, so its numbers mean nothing. It
runs in this process, because every other one would load TensorFlow. The other rows are planned as they are,
and their runs written by hand: to train them all would take minutes.
"""

from __future__ import annotations

import runpy
import sys
import warnings
from collections import Counter
from pathlib import Path

import pytest
from absl import flags

from aesthkeras.command import parsed
from aesthkeras.experiments import running, side_by_side
from aesthkeras.experiments.planning import Job, plan
from aesthkeras.experiments.running import run_experiments
from aesthkeras.experiments.settings import ExperimentSettings
from aesthkeras.reports.paper import paper_losses
from tests.experiments.conftest import Ended
from tests.experiments.published_trees import plant_trees
from tests.probe_runs import rising_scores
from tests.report_pages import lines, markdown_tables

TINY = (
    "--untrained=random:alexnet?width=0.125&crop=96&resize=104",
    "--pretrain_flags=--width=0.125 --crop=96 --resize=104 --batch_size=4 --epochs=1 --precision=float32",
    "--probe_flags=--epochs=1 --batch_size=4",
)
LAYERS = [*(f"conv{number}" for number in range(1, 6)), "average"]


def settings_of(table: str, *more: str) -> ExperimentSettings:
    """The settings of a flag file as the command reads them, with the paths that it has by default."""
    (settings,) = parsed((ExperimentSettings,), [f"--flagfile=flags/paper/{table}.cfg", *TINY, *more])
    return settings


def run_here(job: Job) -> int:
    """The command's exit status; its flags are taken away again."""
    known, argv = set(flags.FLAGS), sys.argv
    sys.argv = [job.module, *job.flags]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the module has been imported before
            runpy.run_module(job.module, run_name="__main__")
    except SystemExit as end:
        return end.code or 0
    finally:
        sys.argv = argv
        for name in set(flags.FLAGS) - known:
            delattr(flags.FLAGS, name)
        flags.FLAGS.unparse_flags()
    return 0


@pytest.fixture(scope="module")
def folder(pieces, tmp_path_factory) -> Path:
    """The working folder of all four, with the trees under the names that the flag files have."""
    root = tmp_path_factory.mktemp("paper")
    plant_trees(root, pieces)
    return root


@pytest.fixture
def here(folder, monkeypatch) -> list[str]:
    """The names of the jobs that have run, in the folder and in this process."""
    ran = []

    def start(job: Job, device: str, log: Path) -> Ended:
        ran.append(job.name)
        return Ended(run_here(job))

    monkeypatch.chdir(folder)
    monkeypatch.setattr(side_by_side, "start", start)
    monkeypatch.setattr(running, "makes", lambda report: run_here(report) == 0)
    return ran


@pytest.mark.parametrize(
    ("table", "trained", "tests"),
    [("table2", 7, 24), ("figures5_6", 7, 16), ("table3", 3, 9), ("table4", 7, 14)],
)
def test_each_command_is_so_many_trainings_and_tests_of_the_trees(table, trained, tests, folder, monkeypatch):
    monkeypatch.chdir(folder)
    (settings,) = parsed((ExperimentSettings,), [f"--flagfile=flags/paper/{table}.cfg"])
    jobs = plan(settings)
    modules = Counter(job.module.rpartition(".")[2] for job in jobs)
    assert modules == {"pretrain": trained, "adapt" if table == "table3" else "probe": tests}
    assert all("--data_dir=IMAGENET" in job.flags for job in jobs if job.module.endswith("pretrain"))
    with_ours = [job for job in jobs if job.folder.name.startswith("ours-seed0")]
    assert with_ours[0].folder == Path("runs/paper/pretrain/ours-seed0")  # the same for all four


@pytest.mark.long
def test_one_row_of_table_2_and_its_adaptation_in_table_3(here):
    row = "--recipes=flags/paper/rows/imagenet_label.cfg"
    run_experiments(settings_of("table2", row, "--untrained=", "--probe_sets=aadb:AADB"))
    assert here == ["pretrain-imagenet_label-seed0", "probe-imagenet_label-seed0-aadb"]
    rows = {
        (line["encoder"], line["source"]): line
        for line in lines(Path("runs/paper/table2/tables/side_by_side.csv"))
    }
    assert 0 <= float(rows["imagenet_label", "ours"]["aadb conv4"]) <= 100
    assert rows["ImageNet label", "paper"]["aadb conv4"] == "67.500000"

    few = "--probe_flags=--epochs=1 --batch_size=4 --views=2"
    run_experiments(settings_of("table3", row, few, "--untrained=", "--probe_sets=aadb:AADB", "--reference="))
    # the finished training finds that out by itself
    assert here[2:] == ["pretrain-imagenet_label-seed0", "adapt-imagenet_label-seed0-aadb"]
    table = markdown_tables(Path("runs/paper/table3/report.md").read_text())["aadb"]
    assert [line[0] for line in table[2:]] == [
        "imagenet_label",
        "paper: + non-linear layers (ResNet-18)",
        "paper: ImageNet label (ResNet-18)",
    ]
    assert Path("runs/paper/scorers/imagenet_label-seed0-aadb/1/saved_model.pb").exists()


@pytest.fixture
def written(tmp_path, folder, probe_run_in, monkeypatch) -> None:
    """The trees' folder, where a job writes a run made by hand in place of running."""

    def start(job: Job, device: str, log: Path) -> Ended:
        if job.module.endswith("pretrain"):
            job.folder.mkdir(parents=True)
            (job.folder / "run.json").touch()
        else:
            encoder, _, dataset = job.folder.name.rpartition("-")
            encoder = encoder.replace("untrained-", "random alexnet ")
            shares = (0.05, 1) if job.folder.parent.name == "few_labels" else (1,)
            scores = rising_scores(0.5 + len(encoder) / 100, shares)
            job.folder.parent.mkdir(parents=True, exist_ok=True)
            probe_run_in(job.folder.parent, encoder, scores, dataset, name=job.folder.name)
        return Ended(0)

    monkeypatch.chdir(folder)
    monkeypatch.setattr(side_by_side, "start", start)
    monkeypatch.setattr(running, "makes", lambda report: run_here(report) == 0)


def test_table_2_has_all_rows_of_the_paper_beside_its_own(written, tmp_path):
    run_experiments(settings_of("table2", f"--run_dir={tmp_path}", f"--out={tmp_path / 'out'}"))
    table = markdown_tables((tmp_path / "out/report.md").read_text())["All data sets"]
    sets = ("ava", "aadb", "cuhkpq")
    assert table[0] == ["encoder", *(f"{name} {layer}" for name in sets for layer in LAYERS)]
    ours = ["random alexnet", "imagenet_label", "context", "colorization", "splitbrain", "counting", "rotnet"]
    assert [line[0] for line in table[2:10]] == [*ours, "ours"]
    assert len(table) == 2 + 8 + 9 and all("–" not in line for line in table[2:])
    assert (tmp_path / "out/report.html").exists()


def test_the_figures_have_a_curve_an_encoder_on_both_sets(written, tmp_path):
    places = f"--run_dir={tmp_path}", f"--probe_dir={tmp_path / 'few_labels'}", f"--out={tmp_path / 'out'}"
    run_experiments(settings_of("figures5_6", *places))
    found = lines(tmp_path / "out/tables/low_data.csv")
    assert Counter((line["dataset"], line["layer"], line["column"]) for line in found) == {
        (name, "conv3", share): 8 for name in ("aadb", "cuhkpq") for share in ("5%", "100%")
    }
    figures = {path.name for path in (tmp_path / "out/figures").iterdir()}
    assert {"low_data_aadb_conv3.png", "low_data_cuhkpq_conv3.png"} <= figures


def test_table_4_has_a_row_an_attribute_beside_the_papers_loss(written, tmp_path):
    run_experiments(
        settings_of("table4", "--untrained=", f"--run_dir={tmp_path}", f"--out={tmp_path / 'out'}")
    )
    found = lines(tmp_path / "out/tables/averages.csv")
    assert len(found) == 12 and all(line["paper_loses"] for line in found)
    assert {line["encoder"] for line in found} == set(paper_losses("ava"))
