"""Writes numbers, money and times as French and English have them, and lays a table out for a terminal."""

import math
import re
import textwrap
from collections.abc import Container, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TextIO
from zoneinfo import ZoneInfo

from common.contract.offers import BY_ID, BY_REGISTER
from common.contract.registers import OTHER
from common.runtime.logs import printable
from monitor.base.texts import TEXTS

CENT = Decimal("0.01")
_FRENCH_SPACE = re.compile(r"(?<=«) | (?=[:;?!»](?:\s|$|[.,)]))")  # no line ends at these
_DAYS = {
    "fr": ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS = {
    "fr": ("janv.", "févr.", "mars", "avril", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}  # fmt: skip
WIDTH = 80  # columns of a page
GAP = 3  # columns between two of the table; at its edges there is one
Rows = Sequence[Sequence[str]]


def month_number(name: str) -> int:
    """Return the number of a month that has this short name.

    >>> month_number("févr."), month_number("Dec")
    (2, 12)

    Raises:
        ValueError: there is none.
    """
    return next((names.index(name) + 1 for names in _MONTHS.values() if name in names), 0) or int(name)


def unbroken(text: str, language: str) -> str:
    r"""Keep French signs with the words before them.

    >>> unbroken("Budget : 120 €", "fr")
    'Budget\xa0: 120 €'
    """
    return _FRENCH_SPACE.sub("\u00a0", text) if language == "fr" else text


def round_money(amount: Decimal) -> Decimal:
    """Round to the cent, halves up: once, at the end."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def ten_thousandths(amount: Decimal) -> int:
    """Return an amount in EUR as answers have it: in ten-thousandths, rounded once, halves up.

    >>> ten_thousandths(Decimal("0.00005")), ten_thousandths(Decimal("1.2"))
    (1, 12000)
    """
    return int((amount * 10_000).to_integral_value(ROUND_HALF_UP))


class Formats:
    """Writes for one language and zone.

    What a meter, a file or the broker calls a thing cannot control a terminal: control characters are escaped here.
    """

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language = language
        self.zone = zone
        self._texts: Mapping[str, str] = TEXTS[language]

    def text(self, key: str, **values: object) -> str:
        """Return a text with its values filled in."""
        return self._texts[key].format(
            **{name: printable(value) if isinstance(value, str) else value for name, value in values.items()}
        )

    def number(self, value: Decimal, digits: int) -> str:
        """Write a number: `1 840,5` with a narrow no-break space, or `1,840.5`."""
        text = f"{value:,.{digits}f}".replace("-", "−")
        return text.translate({ord(","): "\u202f", ord("."): ","}) if self.language == "fr" else text

    def kwh(self, wh: int) -> str:
        """Write energy in kWh: two digits below 10, one below 100, none above 1000."""
        kwh = Decimal(wh) / 1000
        return self.number(kwh, 2 if kwh < 10 else 1 if kwh < 1000 else 0)

    def energy(self, wh: int) -> str:
        """Write energy with its unit."""
        return f"{self.kwh(wh)}\u202fkWh"

    def money(self, amount: Decimal) -> str:
        """Write an amount, rounded to the cent: `88,28 €`, or `€88.28`."""
        return self._euro(self.number(round_money(amount), 2))

    def euros(self, amount: Decimal) -> str:
        """Write an amount, rounded to the euro."""
        return self._euro(self.number(amount, 0))

    def _euro(self, number: str) -> str:
        return f"{number}\u202f€" if self.language == "fr" else f"€{number}".replace("€−", "−€")

    def percent(self, share: float) -> str:
        """Write a share, rounded."""
        value = self.number(Decimal(share) * 100, 0)
        return f"{value}\u202f%" if self.language == "fr" else f"{value}%"

    def coverage(self, share: float) -> str:
        """Write a part of the time, rounded down: only what is whole is 100 %."""
        return self.percent(math.floor(share * 100 + 1e-6) / 100)

    def day(self, moment: datetime) -> str:
        """Write the local day of an instant."""
        return self.calendar_day(moment.astimezone(self.zone).date())

    def clock(self, moment: datetime) -> str:
        """Write the local time of an instant: `6 h 02`, or `06:02`."""
        local = moment.astimezone(self.zone)
        return f"{local.hour}\u202fh\u202f{local:%M}" if self.language == "fr" else f"{local:%H:%M}"

    def calendar_day(self, day: date) -> str:
        """Write a day in a sentence: `1er décembre 2026`, `1 December 2026`."""
        return f"{self.month_day(day.month, day.day)} {day.year}"

    def short_day(self, day: date, *, dated: bool = True) -> str:
        """Write a day in a table: `01/12/2026`, `1 Dec 2026`; `dated`: with its year."""
        if self.language == "fr":
            return f"{day:%d/%m/%Y}" if dated else f"{day:%d/%m}"
        text = f"{day.day} {_MONTHS['en'][day.month - 1]}"
        return f"{text} {day.year}" if dated else text

    def weekday(self, number: int) -> str:
        """Write a day of the week, 0: `lundi`, `Monday`."""
        return self.text("weekdays").split()[number]

    def month(self, number: int) -> str:
        """Write a month, 12: `décembre`, `December`."""
        return self.text("months").split()[number - 1]

    def month_day(self, month: int, day: int) -> str:
        """Write a day of the year: `1er décembre`, `1 December`."""
        return f"{'1er' if self.language == 'fr' and day == 1 else day} {self.month(month)}"

    def long_day(self, day: date) -> str:
        """Write a day: `mardi 1er décembre`, `Tuesday 1 December`."""
        return f"{self.weekday(day.weekday())} {self.month_day(day.month, day.day)}"

    def period(self, by: str, start: datetime, *, dated: bool = False) -> str:
        """Write the name of a period; `dated`: with its year, as those beside it may be of another one."""
        local = start.astimezone(self.zone)
        day = self.short_day(local.date(), dated=dated or by == "contract-year")
        if by == "hour":
            return f"{day} {local:%H:%M}"
        if by == "contract-year":
            return day
        if by == "day":
            return f"{_DAYS[self.language][local.weekday()]} {day}"
        if by == "week":
            return self.text("week_of", number=local.isocalendar().week, day=day)
        return f"{_MONTHS[self.language][local.month - 1]} {local.year}" if by == "month" else str(local.year)

    def register(self, name: str, names: Mapping[str, str]) -> str:
        """Write the name of a register for people."""
        if name in names:
            return printable(names[name])
        if (known := BY_REGISTER.get(name)) is not None:
            offer, register = known
            return offer.column(register, self.language)
        return self._texts[name] if name == OTHER else self.text("register", name=name)

    def meter(self, name: str | None, address: str) -> str:
        """Write the name of a meter, or its address."""
        return printable(name) if name else self.text("meter", address=address)

    def offer(self, name: str) -> str:
        """Write the name of an offer for people; the user's own offers keep theirs."""
        known = BY_ID.get(name)
        return printable(name) if known is None else known.names[self.language]

    def last_day(self, end: datetime) -> str:
        """Write the last local day of a range, whose end is exclusive."""
        return self.day(end - timedelta(microseconds=1))


def length(seconds: int, formats: Formats) -> str:
    r"""Write a length of time: seconds below a minute, minutes below an hour, hours and minutes.

    >>> from zoneinfo import ZoneInfo
    >>> [length(seconds, Formats("en", ZoneInfo("UTC"))) for seconds in (41, 2460, 7200, 11_100)]
    ['41\u202fs', '41\u202fmin', '2\u202fh', '3\u202fh\u202f5\u202fmin']
    >>> length(11_100, Formats("fr", ZoneInfo("UTC")))
    '3\u202fh\u202f05'
    """
    if seconds < 60:
        return f"{seconds}\u202fs"
    hours, minutes = divmod((seconds + 30) // 60, 60)
    if not hours:
        return f"{minutes}\u202fmin"
    rest = f"\u202f{minutes:02}" if formats.language == "fr" else f"\u202f{minutes}\u202fmin"
    return f"{formats.number(Decimal(hours), 0)}\u202fh{rest if minutes else ''}"


def width(rows: Rows) -> int:
    """Return how wide a table is."""
    widths = _widths(rows)
    return sum(widths) + GAP * (len(widths) - 1) + 2


def lay_out(rows: Rows, left: Container[int]) -> list[str]:
    """Return a line for each row; the cells of the columns `left` begin at the left edge, all others end at the right.

    >>> lay_out([("Day", "kWh"), ("Mon 1", "0.5")], left=[0])
    [' Day     kWh ', ' Mon 1   0.5 ']
    """
    pads = [(str.ljust if place in left else str.rjust, most) for place, most in enumerate(_widths(rows))]
    gap = " " * GAP
    return [f" {gap.join(pad(cell, most) for cell, (pad, most) in zip(row, pads, strict=True))} " for row in rows]


def _widths(rows: Rows) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


class TextPage:
    """Prints on a stream, 80 columns wide."""

    def __init__(self, output: TextIO, formats: Formats) -> None:
        self._output = output
        self._formats = formats

    @property
    def colon(self) -> str:
        """A colon, as the language has it."""
        return "\u00a0:" if self._formats.language == "fr" else ":"

    def table(self, rows: Rows, left: Container[int], total: Sequence[str] = ()) -> None:
        """Print a table, the first row of which is its head."""
        head, *lines = lay_out([*rows, *([total] if total else [])], left)
        lines[-1:] = ["", lines[-1]] if total else lines[-1:]
        for line in ("", head, f" {'─' * (len(head) - 2)}", *lines, ""):
            self._output.write(f"{line.rstrip()}\n")

    def line(self, text: str) -> None:
        """Print a text; where it must be folded, not at a space that does not break."""
        for part in textwrap.wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False) or [""]:
            self._output.write(f"{part}\n")
