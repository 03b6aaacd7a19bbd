"""What the caller got wrong, said in one line."""


class UsageError(ValueError):
    """A mistake of the caller's: the message names the argument or file and what was expected, in one line.

    The library names arguments (`crop=300: expected at most resize=256`). The commands make flags of them,
    print the line to stderr and end with exit status 2, with no traceback.
    """


def first_line(error: BaseException) -> str:
    """The first line of an error's text, at most 200 characters; its class where it has no text."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
