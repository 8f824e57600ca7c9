"""What Prometheus reads of meters, readers, storers and this monitor, in its names and units: docs/metrics.md. Pure.

What comes from the broker may be of another version, or not be ours: a value that is missing or no number is left out.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from common.contract.frame import parse_time
from common.contract.registers import DISTRIBUTOR_LABELS, SUPPLIER_LABELS
from common.contract.tariff import HISTORIC_REGISTERS
from common.errors import MessageError
from monitor.live.meter import MeterView
from monitor.live.state import Program

_JOULES = 3600  # of a Wh
_LONGEST_LABEL = 64  # characters
_LARGEST = 2**53  # beyond it, a float is not exact; no counter comes so far
_REGISTERS = (
    *dict.fromkeys(name for names in HISTORIC_REGISTERS.values() for name in names.values()),
    *SUPPLIER_LABELS,
    *DISTRIBUTOR_LABELS,
)
_CURRENTS = {"IINST": "1", **{f"{label}{phase}": str(phase) for label in ("IINST", "IRMS") for phase in (1, 2, 3)}}

_STATE = (  # key of a state, name, factor, help
    (
        "estimated_power",
        "estimated_power_watts",
        1,
        "Mean power of the last minute, by the indexes; negative: exported",
    ),
    ("subscribed_power", "subscribed_power_voltamperes", 1, "Subscribed power"),
    ("headroom_power", "headroom_power_voltamperes", 1, "What may still be drawn before the breaker opens"),
    ("overload", "overload", 1, "1 while the meter says that too much is drawn"),
    ("price", "price_euros", 1, "What a kWh costs now"),
    ("import_total", "imported_energy_joules_total", _JOULES, "Energy drawn from the grid"),
    ("export_total", "exported_energy_joules_total", _JOULES, "Energy given to the grid"),
)
_LINE = (  # key, name, help
    ("open", "line_open", "1 while the port is open"),
    ("parity", "line_parity", "1 while the bytes of the line carry parity"),
    ("frames", "frames_total", "Frames decoded"),
    ("no_address", "frames_no_address_total", "Frames without a valid address"),
    ("undecodable", "frames_undecodable_total", "Frames without a start, or without a single valid group"),
    ("address_mismatch", "frames_address_mismatch_total", "Frames with another address, seen only once"),
    ("refused", "frames_refused_total", "Frames of more meters than one line may have (32)"),
    ("groups", "groups_total", "Groups with a valid checksum"),
    ("parity_errors", "parity_errors_total", "Bytes with wrong parity"),
    ("reopens", "port_reopens_total", "How often the port was reopened"),
    ("bytes", "line_bytes_total", "Bytes received"),
)
_READER = (
    ("uptime", "uptime_seconds", "Seconds since the start"),
    ("connects", "broker_connects_total", "Connections made to the broker"),
    ("delivery.decoded", "delivery_decoded_total", "Frames to deliver, including those recovered at the start"),
    ("delivery.confirmed", "delivery_confirmed_total", "Frames that a storer has committed"),
    ("delivery.rejected", "delivery_rejected_total", "Frames that a storer has permanently rejected"),
    ("delivery.discarded", "delivery_discarded_total", "Frames discarded to make room, or unreadable on disk"),
    (
        "delivery.accepted_by_broker",
        "delivery_accepted_by_broker_total",
        "Frames that the broker has acknowledged while no storer was known",
    ),
    ("delivery.pending", "delivery_pending", "Frames that are not confirmed yet"),
    ("delivery.recovered", "delivery_recovered_total", "Frames found in journal and spool at the start"),
    ("delivery.replayed", "delivery_replayed_total", "Frames sent again"),
    ("delivery.journal.items", "journal_items", "Frames and tallies in memory-backed storage"),
    ("delivery.journal.bytes", "journal_bytes", "Size of the journal"),
    ("delivery.journal.errors", "journal_errors_total", "Errors on writing the journal"),
    ("delivery.spool.frames", "spool_frames", "Frames on disk that are not confirmed yet"),
    ("delivery.spool.bytes", "spool_bytes", "Size of the spool"),
    ("delivery.spool.errors", "spool_errors_total", "Errors on using the spool"),
    ("clock.synchronised", "clock_synchronised", "1 while the machine's clock is synchronised"),
    ("clock.steps_back", "clock_steps_back_total", "How often the clock was set back"),
)
_STORER = (
    ("uptime", "uptime_seconds", "Seconds since the start"),
    ("received", "received_total", "Messages received from the broker, other than tallies"),
    ("stored", "stored_total", "Frames committed"),
    ("duplicate", "duplicate_total", "Frames that were stored already"),
    ("rejected", "rejected_total", "Messages that can never be stored"),
    ("rejected_not_kept", "rejected_not_kept_total", "Of these, not recorded: rejected_messages is full"),
    ("pending", "pending", "Messages received and not yet committed"),
    ("tallies", "tallies_total", "Hourly tallies received"),
    ("rollups.active", "rollup_active", "1 while this storer makes the rollups; of several, one does"),
    ("rollups.runs", "rollup_runs_total", "Runs of the rollups, one a minute"),
    ("rollups.errors", "rollup_errors_total", "Runs that failed and were tried again"),
    ("rollups.late_hours", "rollup_late_hours", "Hours with late frames, waiting to be rolled up again"),
    ("rollups.rebuild_hours", "rollup_rebuild_hours", "Hours to be rebuilt in the background"),
    (
        "rollups.lag",
        "rollup_lag_seconds",
        "Seconds since the newest minute that is final; 15 to 25 minutes are normal",
    ),
    ("retention.bytes", "database_bytes", "Bytes of all tables, measured once a day"),
    ("sources.pending", "source_pending", "Minutes of sources that wait for the database"),
    ("sources.dropped", "source_dropped_total", "Messages of sources that came faster than they could be read"),
    ("sources.errors", "source_errors_total", "Runs of writing sources that failed and were tried again"),
)
_SOURCE = (  # key, name, factor, help
    ("taken", "taken_total", 1, "Values of a source that were counted"),
    ("breaks", "breaks_total", 1, "Resets of a source's counter"),
    ("power", "power_watts", 1, "The last power of a source"),
    ("energy", "energy_joules", _JOULES, "The last energy of a source"),
    ("temperature", "temperature_celsius", 1, "The last temperature of a source"),
)


class Sample(NamedTuple):
    """One value, with the labels that distinguish it within its family."""

    labels: Mapping[str, str]
    value: float


class Family(NamedTuple):
    """One metric and its samples."""

    name: str
    help: str
    samples: list[Sample]

    @property
    def is_counter(self) -> bool:
        """Whether it only rises, until what counts is restarted."""
        return self.name.endswith("_total")


class Exposition:
    """Collects families."""

    def __init__(self) -> None:
        self._families: dict[str, Family] = {}
        self._series: set[tuple[str, ...]] = set()

    @property
    def families(self) -> list[Family]:
        """The families that have a sample."""
        return list(self._families.values())

    def add(self, name: str, text: str, value: Any, labels: Mapping[str, Any], factor: int = 1) -> None:
        """Add a sample, if the value is a number; the labels of a name are always the same."""
        if isinstance(value, (int, float)) and abs(value) <= _LARGEST:
            shown = {key: _label(label) for key, label in labels.items()}
            series = name, *shown.values()
            if series not in self._series:  # one that is there twice makes Prometheus refuse the whole answer
                self._series.add(series)
                self._families.setdefault(name, Family(name, text, [])).samples.append(Sample(shown, value * factor))

    def add_meter(self, view: MeterView) -> None:
        """Add a meter; its values only while frames come."""
        of_meter, values, state = {"meter": view.identifier}, view.values, view.state
        self.add("teleinfo_meter_up", "1 while frames of the meter come", view.speaking, of_meter)
        last = None if view.last_frame is None else view.last_frame.timestamp()
        self.add("teleinfo_meter_last_frame_timestamp_seconds", "Unix time of the newest frame", last, of_meter)
        if not view.speaking:
            return
        texts = {key: state.get(key, "") for key in ("mode", "contract", "period")}
        self.add("teleinfo_meter_info", "1; mode, contract and running period are labels", 1, of_meter | texts)
        self.add("teleinfo_meter_power_voltamperes", "Apparent power drawn", values.power, of_meter)
        self.add("teleinfo_meter_injected_power_voltamperes", "Apparent power given", values.injected, of_meter)
        for key, name, factor, text in _STATE:
            self.add(f"teleinfo_meter_{name}", text, state.get(key), of_meter, factor)
        for phase, power in enumerate(values.phases or (), 1):
            self.add(
                "teleinfo_meter_phase_power_voltamperes", "Apparent power of a phase", power,
                {**of_meter, "phase": str(phase)},
            )  # fmt: skip
        for phase, volts in enumerate(values.volts or (), 1):
            self.add("teleinfo_meter_voltage_volts", "Voltage of a phase", volts, {**of_meter, "phase": str(phase)})
        for label, number in _CURRENTS.items():
            self.add(
                "teleinfo_meter_current_amperes", "Current of a phase", state.get(label), {**of_meter, "phase": number}
            )
        for register in _REGISTERS:
            self.add(
                "teleinfo_meter_register_energy_joules_total", "Energy in a register of the meter", state.get(register),
                {**of_meter, "register": register}, _JOULES,
            )  # fmt: skip

    def add_reader(self, program: Program) -> None:
        """Add a reader; its counters only while it is online."""
        report = self._begin("reader", program)
        of_reader = {"reader": program.name}
        for key, name, text in _READER:
            self.add(f"teleinfo_reader_{name}", text, _at(report, key), of_reader)
        for store in ("journal", "spool"):
            oldest = _unix(_at(report, f"delivery.{store}.oldest"))
            name = f"teleinfo_reader_{store}_oldest_timestamp_seconds"
            self.add(name, "Unix time of the oldest frame in it", oldest, of_reader)
        for line in _objects(report.get("lines")):
            of_line = {**of_reader, "port": line.get("port"), "meter": line.get("meter")}
            for key, name, text in _LINE:
                self.add(f"teleinfo_reader_{name}", text, line.get(key), of_line)
            if mode := line.get("mode"):
                text = "1; the mode is a label: historic or standard"
                self.add("teleinfo_reader_line_mode", text, 1, {**of_line, "mode": mode})
            if problem := line.get("problem"):
                text = "1 while no frames are received; the label says why: silent, unreadable"
                self.add("teleinfo_reader_line_problem", text, 1, {**of_line, "problem": problem})
            for reason, count in _items(line.get("groups_dropped")):
                name, text = "teleinfo_reader_groups_dropped_total", "Groups dropped, by reason"
                self.add(name, text, count, {**of_line, "reason": reason})
            for error, count in _items(line.get("driver")):
                text = "What the serial driver counts: framing, overrun"
                self.add("teleinfo_reader_driver_errors_total", text, count, {**of_line, "error": error})

    def add_storer(self, program: Program) -> None:
        """Add a storer; its counters only while it is online."""
        report = self._begin("storer", program)
        of_storer = {"storer": program.name}
        for key, name, text in _STORER:
            self.add(f"teleinfo_storer_{name}", text, _at(report, key), of_storer)
        if isinstance(retention := report.get("retention"), Mapping):
            text = "1 while frames that are too old cannot be dropped; the log says why"
            blocked = retention.get("blocked") is not None
            self.add("teleinfo_storer_retention_blocked", text, blocked, of_storer)
        if program.status != "offline":
            text, connected = "1 while the database accepts commits", program.status == "online"
            self.add("teleinfo_storer_database_connected", text, connected, of_storer)
        for source in _objects(_at(report, "sources.sources")):
            of_source = {**of_storer, "source": source.get("name")}
            for key, name, factor, text in _SOURCE:
                self.add(f"teleinfo_storer_source_{name}", text, source.get(key), of_source, factor)
            for reason, count in _items(source.get("refused")):
                name, text = "teleinfo_storer_source_refused_total", "Values of a source that were not counted, and why"
                self.add(name, text, count, {**of_source, "reason": reason})

    def _begin(self, kind: str, program: Program) -> Mapping[str, Any]:
        """Return the report of a program; empty while it is offline: its last one says nothing of now."""
        up = program.status != "offline"
        self.add(f"teleinfo_{kind}_up", f"1 while the {kind} is online", up, {kind: program.name})
        report = (program.health or {}) if up else {}
        if report:
            labels = {kind: program.name, "version": report.get("version")}
            self.add(f"teleinfo_{kind}_info", "1; the version is a label", 1, labels)
        return report

    def add_monitor(
        self,
        version: str,
        uptime: float,
        replies: Mapping[str, int],
        wrong_passwords: int,
        viewers: int,
        *,
        broker: bool,
    ) -> None:
        """Add this monitor; `uptime` is in seconds."""
        self.add("teleinfo_monitor_info", "1; the version is a label", 1, {"version": version})
        self.add("teleinfo_monitor_uptime_seconds", "Seconds since the start", uptime, {})
        for status, count in replies.items():
            self.add(
                "teleinfo_monitor_replies_total", "Replies to browsers, by class of status", count, {"status": status}
            )
        text = "Attempts to open the page with a wrong password"
        self.add("teleinfo_monitor_wrong_passwords_total", text, wrong_passwords, {})
        self.add("teleinfo_monitor_viewers", "Open streams of live values", viewers, {})
        self.add("teleinfo_monitor_broker_connected", "1 while the broker is connected", broker, {})


def _label(text: Any) -> str:
    return text[:_LONGEST_LABEL] if isinstance(text, str) else ""


def _at(report: Mapping[str, Any], path: str) -> Any:
    found: Any = report
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _unix(text: Any) -> float | None:
    try:
        return parse_time(text).timestamp() if isinstance(text, str) else None
    except MessageError:
        return None


def _objects(found: Any) -> Iterable[Mapping[str, Any]]:
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _items(found: Any) -> Iterable[tuple[str, Any]]:
    return found.items() if isinstance(found, Mapping) else ()
