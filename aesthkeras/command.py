"""What every command shares: flags made from frozen dataclasses, and user errors of one line.

The settings of a command are frozen dataclasses whose fields have a default and a help text (`setting`).
`define_flags` makes absl flags of them and `from_flags` reads them back, so that a setting has one name, one
default and one explanation. Only the commands use absl's FLAGS.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, get_type_hints

from absl import app, flags, logging

from aesthkeras.errors import UsageError, first_line
from aesthkeras.files import shipped
from aesthkeras.quiet_start import QuietTensorFlow
from aesthkeras.settings import Settings, require_text

flags.disclaim_key_flags()  # --help lists them as flags of the command that asked for them


DEFINERS: dict[type, Callable[..., Any]] = {
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}


def define_flags(*groups: type, among: flags.FlagValues = flags.FLAGS) -> None:
    """Defines an absl flag for each field of the dataclasses `groups` (bool, int, float, str or a choice)."""
    for settings in groups:
        kinds = get_type_hints(settings)
        for field in dataclasses.fields(settings):
            default: Any = field.default
            help_text, choices = field.metadata["help"], field.metadata["choices"]
            if choices:
                flags.DEFINE_enum(field.name, default, choices, help_text, flag_values=among)
            else:
                DEFINERS[kinds[field.name]](field.name, default, help_text, flag_values=among)


def from_flags(settings: type[Settings], among: flags.FlagValues = flags.FLAGS) -> Settings:
    """The dataclass `settings` filled from the parsed flags; its own checks raise `UsageError`."""
    names = [field.name for field in dataclasses.fields(settings)]  # type: ignore[arg-type]
    return settings(**{name: among[name].value for name in names})


def parsed(groups: Sequence[type], arguments: Sequence[str]) -> list[Any]:
    """The dataclasses `groups` as another command would fill them from its arguments, flag files included.

    Raises:
        UsageError: an argument is no flag of theirs, or a value is not allowed.
    """
    among = flags.FlagValues()
    define_flags(*groups, among=among)
    try:
        rest = among(["", *with_flag_files(arguments)])[1:]
    except flags.Error as error:
        raise UsageError(str(error)) from error
    if rest:
        raise UsageError(f"{rest[0]!r} is not a flag: expected --flag=value")
    return [from_flags(settings, among) for settings in groups]


def flag_before_parsing(name: str, default: str) -> str:
    """The last value of `--name` on the command line, flag files included, before flags are parsed.

    Some flags decide which others exist: `--task` brings the flags of its task.
    """
    try:
        arguments = with_flag_files(sys.argv[1:])
    except UsageError as error:
        fail(str(error))
    value = default
    for position, argument in enumerate(arguments):
        flag, equals, text = argument.lstrip("-").partition("=")
        if argument.startswith("-") and flag == name:
            value = text if equals else "".join(arguments[position + 1 : position + 2])
    return value


def with_flag_files(arguments: Sequence[str], opened: tuple[str, ...] = ()) -> list[str]:
    """The arguments with every `--flagfile=FILE` replaced by the flags in it, files named in files included.

    absl would do the same, but does not know the flag files that come with the package: outside a clone
    `--flagfile=flags/probe.cfg` means the package's own file.

    Args:
        arguments: of a command, without its name.
        opened: the files that these arguments were read from.

    Raises:
        UsageError: a file cannot be read, is no text, or names itself.
    """
    expanded: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if argument == "--":
            expanded += [argument, *rest]
        elif name not in ("--flagfile", "-flagfile"):
            expanded.append(argument)
        else:
            path = value if equals else next(rest, "")
            if not path:
                raise UsageError("--flagfile: expected a file, as in --flagfile=flags/probe.cfg")
            if path in opened:
                raise UsageError(f"--flagfile={path}: expected a file that does not name itself")
            expanded += with_flag_files(flag_lines(path), (*opened, path))
    return expanded


def flag_lines(path: str) -> list[str]:
    """The flags in a flag file, one a line, without comments."""
    try:
        text = flag_file(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"--flagfile={path}: expected a file that can be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--flagfile={path}: expected UTF-8 text: {error}") from error
    lines = (line.strip() for line in text.split("\n"))
    return [line for line in lines if line and not line.startswith(("#", "//"))]


def flag_file(path: str) -> Path:
    """The flag file or folder that `path` names: in the working folder, or else the package's own."""
    place = Path(path).expanduser()
    if os.path.exists(place) or place.parts[:1] != ("flags",):
        return place
    return shipped(path) or place


def run(
    main: Callable[[list[str]], None],
    define: Callable[[], None],
    positional: bool = False,
    resumes: Callable[[], bool] = lambda: True,
) -> None:
    """Runs a command: parses its flags and calls `main(positional arguments)`; a user error prints one line.

    Args:
        main: the command; what it raises as `UsageError` is printed as one line, exit status 2.
        define: defines the command's flags; called before parsing.
        positional: whether the command takes arguments that are not flags.
        resumes: whether the same command, started again, goes on where it was interrupted; called after
            parsing.
    """

    def parse(argv: Sequence[str]) -> list[str]:
        try:
            rest = list(flags.FLAGS([argv[0], *with_flag_files(argv[1:])], known_only=False))
        except (flags.Error, UsageError) as error:
            fail(str(error))
        except SystemExit:
            sys.exit(0)  # absl ends --help with status 1
        if rest[1:] and not positional:
            fail(f"{rest[1]!r} is not a flag: expected --flag=value; --help lists the flags")
        return rest

    # TensorFlow's start-up messages would hide our own; TF_CPP_MIN_LOG_LEVEL=0 shows them.
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") != "0":
        sys.meta_path.insert(0, QuietTensorFlow())
    logging.set_verbosity(logging.WARNING)
    try:
        define()
        app.run(lambda argv: guarded(main, list(argv[1:]), resumes), flags_parser=parse)
    except UsageError as error:
        fail(with_flags(str(error)))


def claim_out(out: Path) -> None:
    """Makes the folder of the result early: a mistake in --out must not show after hours of work."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out={out}: expected a folder to write to ({error.strerror})") from error


def guarded(main: Callable[[list[str]], None], arguments: list[str], resumes: Callable[[], bool]) -> None:
    """Calls `main`. A user error or a full disk prints one line; Ctrl-C says whether a rerun goes on."""
    try:
        main(arguments)
    except UsageError as error:
        fail(with_flags(str(error)))
    except UnicodeEncodeError:
        refusal = _refusal_of_bytes(arguments)  # a library has met the bytes of a name
        if not refusal:
            raise
        fail(refusal)
    except KeyboardInterrupt:
        how = "; the same command goes on where it was" if resumes() else ""
        print(f"aesthkeras: interrupted{how}", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        if not is_disk_full(error):
            raise
        fail(f"no space left on the disk ({first_line(error)}); free some and run the same command again")


def _refusal_of_bytes(arguments: Sequence[str]) -> str:
    """What to say of the first flag or argument that is no UTF-8; empty where all are."""
    given = [(name, flags.FLAGS[name].value) for name in flags.FLAGS]
    try:
        for name, value in [*given, *(("", argument) for argument in arguments)]:
            if isinstance(value, str):
                require_text(name, value)
    except UsageError as error:
        return with_flags(str(error))
    return ""


def is_disk_full(error: BaseException) -> bool:
    """Whether Python or TensorFlow reports that the disk is full."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    text = str(error)
    return any(os.strerror(code) in text for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


def with_flags(message: str) -> str:
    """The message of a library error with its arguments as flags: `crop=300` becomes `--crop=300`.

    The library names arguments; which of them are flags, only the command knows.
    """
    names = "|".join(map(re.escape, flags.FLAGS))
    # not inside a path, a flag or `random:alexnet?width=0.5&seed=0`
    return re.sub(rf"(?:^|(?<=[ (;]))({names})(?==|:(?: |$))", r"--\1", message)


def fail(message: str) -> NoReturn:
    """Prints one line to stderr and ends with exit status 2."""
    print(f"aesthkeras: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)
