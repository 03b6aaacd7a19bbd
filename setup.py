"""What setup.cfg cannot say: two folders of the repository lie inside the installed package."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["aesthkeras*"]), "aesthkeras.flags", "aesthkeras.savedmodels"],
    package_dir={"aesthkeras.flags": "flags", "aesthkeras.savedmodels": "savedmodels"},
)
