"""Which registers will count the energy of days to come: divided as this home's own was, lately. Pure."""

from collections.abc import Mapping

from common.contract.offers import BY_REGISTER, Offer, is_off_peak

#: Shares of the energy of a day by register, by the day's colour; None: on any day.
Split = Mapping[str | None, Mapping[str, float]]


class Habits:
    """How a home's energy was divided: `recent` in the last weeks, `year` in the last year; Wh by register."""

    def __init__(self, recent: Mapping[str, int], year: Mapping[str, int]) -> None:
        self._recent = recent
        self._year = year

    @property
    def offer(self) -> Offer | None:
        """The structure whose registers counted most; None: they only have numbers."""
        most = max(self._recent, key=lambda name: self._recent[name], default="")
        return BY_REGISTER[most][0] if most in BY_REGISTER else None

    def split(self, offer: Offer | None) -> Split | None:
        """Return how the energy of a day is divided with an offer; None: these registers do not tell."""
        total = sum(self._recent.values())
        if offer is None or (offer is self.offer and not any(register.off_peak for register in offer.registers)):
            return {None: {name: wh / total for name, wh in self._recent.items()}} if total > 0 else None
        if len(offer.registers) == 1:
            return {None: {offer.registers[0].name: 1.0}}
        found: dict[str | None, dict[str, float]] = {}
        for register in offer.registers:
            if register.off_peak is None or (off_peak := self._off_peak(register.colour)) is None:
                return None
            found.setdefault(register.colour, {})[register.name] = off_peak if register.off_peak else 1 - off_peak
        return found

    def _off_peak(self, colour: str | None) -> float | None:
        """Return the share of off-peak hours, on days of this colour if there were any."""
        of_colour = {
            name: wh for name, wh in self._year.items() if name in BY_REGISTER and BY_REGISTER[name][1].colour == colour
        }
        for counted in (of_colour, self._recent):
            known = {name: wh for name, wh in counted.items() if is_off_peak(name) is not None}
            if (total := sum(known.values())) > 0:
                return sum(wh for name, wh in known.items() if is_off_peak(name)) / total
        return None
