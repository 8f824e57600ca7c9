"""For maintainers: compares the bundled tables of prices with documents, which are given as files.

./run prices Option_Base.csv Option_HPHC.csv     the regulator's files: what the table lacks or has otherwise
./run prices --offer edf-zen-fixe grille.pdf     each number of an offer's newest row must stand in the document

A number that a document draws in pieces (18€36) or with a footnote's mark is listed, too: look. That it stands in the
right line and column only a reader sees.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from common.errors import ConfigError
from common.settings.yaml_file import read_yaml
from monitor.prices.cre import read_cre
from monitor.prices.document import read_document
from monitor.prices.model import PriceFile, PriceRow
from monitor.prices.table import BUNDLED, MARKET, read_file

_CENT = Decimal("0.01")


def main() -> int:
    """Run the command; return 1 if something differs."""
    parser = argparse.ArgumentParser(
        prog="./run prices", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--offer", metavar="ID", help="of monitor/prices/offers.yaml or tarif_bleu.yaml")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    tables = [read_document(read_yaml(path), path.name) for path in (BUNDLED, MARKET)]
    found = False
    try:
        for path in arguments.files:
            lines = (
                regulator(read_cre(read_file(path), str(path)), tables[0])
                if arguments.offer is None
                else document(text_of(path), newest(tables, arguments.offer))
            )
            for line in lines:
                found = True
                print(f"{path.name}: {line}")
    except ConfigError as error:
        sys.exit(f"prices: {error}")
    if not found:
        print("nothing differs")
    return int(found)


def regulator(theirs: PriceFile, ours: PriceFile) -> Iterator[str]:
    """Return what a file of the regulator has otherwise, by grid; the table has yearly amounts of its supplier.

    The regulator adds a mean CTA to a subscription, so amounts may differ by 1.5 %.
    """
    names = {offer.meter: offer.id for offer in ours.offers}
    for row in theirs.rows:
        known = next((one for one in ours.rows if (one.offer, one.start) == (names.get(row.offer), row.start)), None)
        if known is None:
            yield f"{row.offer} from {row.start}: the table has no such row: kwh {_words(row)}"
            continue
        for power, amount in row.subscription.items():
            mine = known.subscription.get(power)
            if mine is None or abs(mine - amount) > amount * 3 / 200:
                yield f"{row.offer} from {row.start}, {power} kVA: {amount} EUR a year, the table has {mine}"
            for period, price in row.band(power).items():
                if (kept := known.kwh_price(period, power)) != price:
                    yield f"{row.offer} from {row.start}, {power} kVA, {period}: {price}, the table has {kept}"


def document(text: str, row: PriceRow) -> Iterator[str]:
    """Return the numbers of a row that do not stand in the text of a document."""
    for power, amount in row.subscription.items():
        month = (amount / 12).quantize(_CENT)
        if not any(_stands(value, text) for value in (month, amount)):
            yield f"{row.offer} from {row.start}: {month} EUR a month ({amount:.2f} a year), {power} kVA, is not in it"
    for power, band in row.kwh.items():
        for period, price in band.items():
            if not any(_stands(value, text) for value in (price, price * 100)):
                which = f"{period}, {power} kVA" if power else period
                yield f"{row.offer} from {row.start}: {price} EUR per kWh ({which}) is not in it"
    if row.spot is not None:
        yield f"{row.offer} from {row.start}: `spot` is not compared: look"


def _stands(value: Decimal, text: str) -> bool:
    """Tell whether a number stands in a text, with a comma or a dot, with all its digits."""
    whole, _, cents = format(value.normalize(), "f").partition(".")
    ends = "|".join(cents.ljust(length, "0") for length in range(max(len(cents), 2), max(len(cents), 5) + 1))
    # Not a part of a longer number, nor of a date such as 15.07.2026.
    forms = [rf"(?<!\d{mark}){whole}{mark}(?:{ends})(?!{mark}?\d)" for mark in (",", r"\.")]
    if not cents:
        forms.append(rf"(?<!\d[.,]){whole}(?=\s?c?€)")
    return re.search(rf"(?<!\d)(?:{'|'.join(forms)})", text) is not None


def newest(tables: list[PriceFile], offer: str) -> PriceRow:
    """Return the newest row of an offer.

    Raises:
        ConfigError: there is none.
    """
    rows = [row for table in tables for row in table.rows if row.offer == offer]
    if not rows:
        raise ConfigError(f"{offer}: no such offer in the tables, or one without prices")
    return max(rows, key=lambda row: row.start)


def text_of(path: Path) -> str:
    """Return the text of a document, a PDF or a text.

    Raises:
        ConfigError: it cannot be read, or has no prices.
    """
    content = read_file(path)
    text = _text_of_pdf(path) if b"%PDF-" in content[:1024] else content.decode("utf-8", errors="replace")
    if re.search(r"\d[.,]\d", text) is None:
        raise ConfigError(f"{path}: no price can be read in it: a scan, or another file?")
    return text


def _text_of_pdf(path: Path) -> str:
    if shutil.which("pdftotext") is None:
        raise ConfigError("pdftotext is missing: sudo apt install poppler-utils")
    command = ["pdftotext", "-layout", "-enc", "UTF-8", str(path), "-"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        *_, why = done.stderr.strip().splitlines() or ["pdftotext failed"]
        raise ConfigError(f"{path}: cannot be read: {why}")
    return done.stdout


def _words(row: PriceRow) -> str:
    return ", ".join(f"{period} {price}" for band in row.kwh.values() for period, price in band.items())


if __name__ == "__main__":
    sys.exit(main())
