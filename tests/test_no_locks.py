"""On a file system without locks, as Lustre and some NFS, nothing fails to start; one line says so."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Stands before the C library: Python and SQLite ask it for locks, and it answers as such a file system does.
LIBRARY = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>

static int refuse(void) {
    errno = atoi(getenv("LOCK_ERROR"));
    return -1;
}

int flock(int file, int operation) { return refuse(); }

static int control(const char *name, int file, int command, void *argument) {
    if (command == F_SETLK || command == F_SETLKW || command == F_GETLK) return refuse();
    return ((int (*)(int, int, ...))dlsym(RTLD_NEXT, name))(file, command, argument);
}

#define REPLACE(name) \\
    int name(int file, int command, ...) { \\
        va_list rest; \\
        va_start(rest, command); \\
        void *argument = va_arg(rest, void *); \\
        va_end(rest); \\
        return control(#name, file, command, argument); \\
    }
REPLACE(fcntl)
REPLACE(fcntl64)
"""
SHARDS = """
from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.preparation.preparing import prepare
from aesthkeras.preparation.settings import PreparationSettings
data_set = read_dataset("folder", "samples", DatasetSettings())
data_set = data_set._replace(records=data_set.records[:1])
prepare(data_set, sys.argv[1], PreparationSettings(), progress=False)
"""
RUN = """
from aesthkeras.training.run_folder import RunFolder
RunFolder(sys.argv[1]).claim({"width": "1.0"}, {"width"})
"""
SCORES = """
from pathlib import Path
from aesthkeras.scoring.listing import Listed
from aesthkeras.scoring.store import ScoreStore
with ScoreStore(Path(sys.argv[1]) / "scores.csv", "one") as store:
    store.put_in_order([Listed(0, 0, "a.jpg")])
    assert store.count().listed == 1
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    compiler = shutil.which("cc") or pytest.skip("needs a C compiler")
    (folder / "nolocks.c").write_text(LIBRARY)
    built = folder / "nolocks.so"
    command = [compiler, "-shared", "-fPIC", "-w", "-o", built, folder / "nolocks.c", "-ldl"]
    subprocess.run(command, check=True)
    return built


@pytest.mark.parametrize(
    ("script", "second", "code"),
    [
        pytest.param(SHARDS, "start no second preparation there", "ENOLCK", marks=pytest.mark.long),
        pytest.param(RUN, "start no second training there", "EINVAL", marks=pytest.mark.long),
        (SCORES, "let no second process write there", "ENOSYS"),
        (SCORES, "let no second process write there", "ENOLCK"),
        (SCORES, "let no second process write there", "EOPNOTSUPP"),
    ],
)
def test_without_locks_it_starts_with_one_line(tmp_path, library, script, second, code):
    environment = {**os.environ, "LD_PRELOAD": str(library), "LOCK_ERROR": str(getattr(errno, code))}
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{script}", str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("aesthkeras: ")]
    assert said == [f"aesthkeras: {tmp_path}: this file system has no locks; {second}"]
