"""What the user got wrong, said in one line."""


class UsageError(Exception):
    """A mistake of the caller's: the message names the flag or file and what was expected, in one line.

    The commands print the message to stderr and end with exit status 2, with no traceback.
    """
