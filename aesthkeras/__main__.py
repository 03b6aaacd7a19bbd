"""The console command: `aesthkeras score ...` does what `python -m aesthkeras.score ...` does."""

from __future__ import annotations

import runpy
import sys
from difflib import get_close_matches

import aesthkeras

COMMANDS = {
    "prepare": "turns a data set into shards and says what is in it",
    "preview": "draws every degradation of a photo",
    "pretrain": "trains an encoder on photos without labels",
    "probe": "trains linear classifiers on a frozen encoder",
    "adapt": "trains a scorer on rated photos",
    "score": "scores photos",
    "monotone": "measures whether degraded copies score lower",
    "report": "makes tables and figures of probes",
    "experiments": "pre-trains, probes and reports a set of recipes",
    "export": "writes a trained model as SavedModel, TFLite or ONNX",
}
USAGE = "usage: aesthkeras COMMAND [--flag=value ...]; aesthkeras COMMAND --help lists its flags"


def overview() -> str:
    """What `aesthkeras --help` prints: the commands, a line each."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {purpose}" for name, purpose in COMMANDS.items()]
    return "\n".join([USAGE, "", *lines, "", f"aesthkeras {aesthkeras.__version__}"])


def main() -> None:
    """Runs the command that the first argument names, with the other arguments as its own."""
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("--help", "-h", "help"):
        print(overview())
    elif name == "--version":
        print(aesthkeras.__version__)
    elif name in COMMANDS:
        sys.argv[1:] = arguments
        runpy.run_module(f"aesthkeras.{name}", run_name="__main__", alter_sys=True)
    else:
        near = get_close_matches(name, COMMANDS, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        print(f"aesthkeras: {name!r} is no command{hint}: expected {', '.join(COMMANDS)}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
