"""Writes the page's table of registers and colours, `monitor/page/base/offers.js`, from common/contract/offers.py."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.contract.offers import BY_REGISTER, COLOURS, HOURS, Offer, Register

FILE = Path(__file__).resolve().parents[2] / "monitor/page/base/offers.js"
_HEAD = "// Made by `python -m docs.tools.page_offers` from common/contract/offers.py.\n"
_LANGUAGES = ("fr", "en")


def offers() -> str:
    """Return the text of the page's table of registers and colours."""
    colours = {language: {name: colour.names[language] for name, colour in COLOURS.items()} for language in _LANGUAGES}
    registers = {name: _register(offer, register) for name, (offer, register) in BY_REGISTER.items()}
    tables = {"COLOURS": colours, "REGISTERS": registers}
    return _HEAD + "".join(f"export const {name} = {_table(table)};\n" for name, table in tables.items())


def _register(offer: Offer, register: Register) -> dict[str, Any]:
    hours = HOURS[register.hours]
    colour = None if register.colour is None else COLOURS[register.colour]
    words = {}
    for language in _LANGUAGES:
        whole, short = hours.names[language], (hours.short or hours.names)[language]
        words[language] = {
            "long": whole if colour is None else f"{colour.names[language]} · {whole}",
            "short": short[0].upper() + short[1:] if colour is None else f"{colour.names[language]} {short}",
        }
    shade = hours.shade if register.colour is None else f"{hours.shade}-{register.colour}"
    return {"offer": offer.id, "hours": register.hours, "colour": register.colour, "css": shade, **words}


def _table(rows: Mapping[str, Any]) -> str:
    return "{\n" + "".join(f"  {name}: {json.dumps(row, ensure_ascii=False)},\n" for name, row in rows.items()) + "}"


if __name__ == "__main__":
    FILE.write_text(offers(), encoding="utf-8")
