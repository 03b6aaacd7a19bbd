"""A set of experiments: pre-training runs of several seeds, what tests their encoders, one report.

Finished parts are skipped; a killed one goes on.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from aesthkeras.errors import UsageError
from aesthkeras.experiments.devices import end_with_parent, require_devices
from aesthkeras.experiments.planning import Job, plan, report_job
from aesthkeras.experiments.settings import ExperimentSettings
from aesthkeras.experiments.side_by_side import run_jobs
from aesthkeras.labelled.settings import listed
from aesthkeras.monitoring.progress import say


def run_experiments(settings: ExperimentSettings) -> None:
    """Runs what is not done yet, and then the report; if one command fails, the others still run.

    Raises:
        UsageError: some failed, each after saying why; the report is of the others.
    """
    devices = listed(settings.devices)
    require_devices(devices)
    jobs = plan(settings)
    failed = [job.folder.name for job in run_jobs(jobs, devices or [""], Path(settings.run_dir) / "logs")]
    report = report_job(settings, jobs)
    if report:
        say(report.shown())
        if not makes(report):
            failed.append("the report")
    if failed:
        raise UsageError(f"failed: {', '.join(failed)}; the same command goes on with what is not done")


def makes(report: Job) -> bool:
    """Makes the report in a process of its own, which prints here; returns whether it came about."""
    command = [sys.executable, "-m", report.module, *report.flags]
    return subprocess.run(command, check=False, preexec_fn=end_with_parent).returncode == 0
