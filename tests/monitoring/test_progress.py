"""What is said goes to the terminal and leaves the data alone."""

from __future__ import annotations

from aesthkeras.monitoring.progress import counted, say


def test_a_line_goes_to_stderr_and_names_the_package(capfd):
    say("3 photos are left out")
    assert capfd.readouterr() == ("", "aesthkeras: 3 photos are left out\n")


def test_one_thing_is_not_said_as_many():
    said = [counted(number, "photo") for number in (0, 1, 2, 1000)]
    assert said == ["0 photos", "1 photo", "2 photos", "1,000 photos"]
