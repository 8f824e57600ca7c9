"""Versions: three numbers, as in `1.2.3`."""

import re
from typing import NamedTuple, Self


class ReleaseError(Exception):
    """Something is missing or contradicts the rest; its text says what."""


class Version(NamedTuple):
    """The version of a release; the greater one is the newer one."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `1.2.3`."""
        if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", text, re.ASCII):
            raise ReleaseError(f"{text!r} is not a version such as 1.2.3")
        return cls(*map(int, text.split(".")))

    def __str__(self) -> str:
        return ".".join(map(str, self))
