"""Parses what storers publish on `teleinfo/<meter>/stored`. Pure."""

import json
from typing import NamedTuple, Self

from common.contract.frame import parse_time
from common.errors import MessageError
from reader.buffer.item import to_micros


class Confirmation(NamedTuple):
    """The items of one meter that a storer has committed, or will never store; times are microseconds since 1970."""

    storer: str
    timestamps: list[int]  # frames that are stored
    rejected: list[int]  # frames that can never be stored
    tallies: list[int]  # hours

    @classmethod
    def from_json(cls, payload: bytes) -> Self:
        """Parse a message; unknown keys are ignored.

        Raises:
            MessageError: the payload is not a confirmation.
        """
        try:
            message = json.loads(payload)
            storer = message["storer"]
            if not isinstance(storer, str):
                raise TypeError(f"the storer is {storer!r}")
            times = [
                [to_micros(parse_time(text)) for text in message.get(key, [])]
                for key in ("timestamps", "rejected", "tallies")
            ]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise MessageError(f"not a confirmation: {error!r}") from error
        return cls(storer, *times)
