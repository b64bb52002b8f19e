"""Errors that are the user's to mend."""


class InputError(ValueError):
    """Input that cannot be used; the message is one line: what, found, expected, what to do."""
