"""Checks the label sets of a backup: each one matches its digest, and frames can be decoded with it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from common.errors import MessageError
from storer.database.label_sets import merge
from storer.database.rows import COLUMNS, content_text, decode_row, digest_of

_MOST_BASES = 10_000  # in memory, of 2 kB each


class LabelSetChecker:
    """Checks label sets in the order of their ids, so that a base comes before the differences from it."""

    def __init__(self) -> None:
        self._texts: dict[int, str] = {}  # of whole label sets, the most recently used last

    def check(self, row: Mapping[str, Any]) -> list[str]:
        """Return warnings about a label set.

        A difference is only checked while its base is one of the last 10,000 that were read or used. A base that cannot
        be read has its own warning: the differences from it are not listed.
        """
        number, text, base_id = row["id"], str(row["content"]), row.get("base_id")
        if base_id is None:
            self._keep(number, text)
        elif base_id not in self._texts:
            return []
        warnings = []
        try:
            content = json.loads(text)
            if base_id is not None:
                self._keep(base_id, self._texts.pop(base_id))
                base = json.loads(self._texts[base_id])
                if not _is_readable(base):
                    return []
                content = merge(base, content)
                text = content_text(content)
        except (ValueError, KeyError, TypeError):
            content = None
        if row["digest"] != digest_of(text).hex():
            warnings.append(f"the label set {number} does not match its digest")
        if not _is_readable(content):
            warnings.append(f"the label set {number} cannot be read: its frames are incomplete")
        return warnings

    def _keep(self, number: int, text: str) -> None:
        self._texts[number] = text
        if len(self._texts) > _MOST_BASES:
            del self._texts[next(iter(self._texts))]


def _is_readable(content: Any) -> bool:
    """Return whether a frame can be decoded with a label set."""
    try:
        decode_row(datetime(2000, 1, 1, tzinfo=UTC), "", (None,) * len(COLUMNS), content)
    except (ValueError, KeyError, TypeError, AttributeError, MessageError):
        return False
    return True
