"""What is said goes to the terminal and leaves the data alone."""

from __future__ import annotations

from aesthkeras.monitoring.progress import say


def test_a_line_goes_to_stderr_and_names_the_package(capfd):
    say("3 photos are left out")
    assert capfd.readouterr() == ("", "aesthkeras: 3 photos are left out\n")
