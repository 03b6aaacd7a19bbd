from __future__ import annotations

import io
import os
from collections import namedtuple

from aesthkeras.machine import free_disk, free_memory, usable_cores

Usage = namedtuple("Usage", "total used free")


def test_only_the_cores_that_the_process_may_use_are_counted(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3, 5}, raising=False)
    assert usable_cores() == 2


def test_a_system_that_cannot_bind_processes_counts_all_cores(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert usable_cores() == 8
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cores() == 1


def test_free_space_is_that_of_the_first_folder_that_exists(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("shutil.disk_usage", lambda path: asked.append(path) or Usage(9, 4, 5))
    assert free_disk(str(tmp_path / "not" / "yet")) == 5
    assert asked == [str(tmp_path)]


def test_free_memory_is_what_the_kernel_says_is_available(monkeypatch):
    lines = io.StringIO("MemTotal:  90 kB\nMemAvailable:   30 kB\n")
    monkeypatch.setattr("builtins.open", lambda *_, **__: lines)
    assert free_memory() == 30 * 1024
    monkeypatch.setattr("builtins.open", lambda *_, **__: open_nothing())
    assert free_memory() is None


def open_nothing():
    raise FileNotFoundError("/proc/meminfo")
