"""Ten thousand messages that can never be stored, among good ones, into the real storer."""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.block import is_block, split_block, write_block
from common.contract.frame import LONGEST_MESSAGE, format_time, peek_id
from common.errors import MessageError
from tests.faults.rig import Processes
from tests.support.meters import METER
from tests.support.mqtt_client import MqttClient
from tests.support.programs import WITHIN, wait_until

BAD, GOOD = 10_000, 2_000
KEPT = 65_536  # bytes of a rejected message that the table keeps
START = datetime(2026, 11, 24, 12, tzinfo=UTC)

Make = Callable[[random.Random, int], tuple[str, bytes]]  # a topic's last word, and the payload


def message(number: int, **changes: Any) -> dict[str, Any]:
    """Return a good frame; its number is its identity and its SINSTS."""
    frame = {"ADSC": METER, "EAST": 10_000_000 + number, "SINSTS": number, "STGE": "003A0001"}
    instant = format_time(START + timedelta(seconds=number, microseconds=number))
    return {"meter": METER, "timestamp": instant, "mode": "standard", "frame": frame} | changes


def good(number: int) -> bytes:
    return json.dumps(message(number)).encode()


# -- what can be wrong; each with a number that no good frame has, unless it says otherwise ----------------------------

_NOTHING_FITS: list[Any] = [[], [1], True, 1.5, {"a": 1}]
_LABELS = ("", "A B", "é", "L" * 17, "TAB\t", "\x00", "\x7f", "\U0001f50c")
_STAMPS: list[Any] = [None, 5, "", "H261124", []]
#: What may not be there, by key; the last timestamps are those of good frames, but TIMESTAMP does not know them.
WRONG: dict[str, list[Any]] = {
    "meter": [*_NOTHING_FITS, "", "a" * 33, "a/b", "+", "é", "a b", "'; DROP TABLE frames; --", "a\n"],
    "timestamp": [
        *_NOTHING_FITS, "", "yesterday", "2026-11-32T00:00:00Z", "2026-11-24 12:00:00", "2026-11-24T12:00:00", "7",
        "20261124T120000Z", "2026-11-24T25:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00",
        *(f"{year}-06-24T12:00:00.000001Z" for year in ("0001", "1969", "2107", "2500", "9999")),
    ],
    "mode": _NOTHING_FITS,
    "frame": [
        {}, [], "text", 7, 1.5, {"ADSC": METER, "SINSTS": [[]]}, *({"ADSC": METER, label: 1} for label in _LABELS),
    ],
    "stamps": [[], "text", 7, 1.5, *({"DATE": stamp} for stamp in _STAMPS)],
    "clock": [*_NOTHING_FITS, "\ud800"],
    "dropped": [[], [1], True, 1.5, {"a": 1}, -1, -100_000],
}  # fmt: skip


def wrong_value(chance: random.Random, number: int) -> tuple[str, bytes]:
    key = chance.choice([*WRONG])
    return chance.choice(["frame", "replay"]), json.dumps(message(number, **{key: chance.choice(WRONG[key])})).encode()


def truncated(chance: random.Random, number: int) -> tuple[str, bytes]:
    whole = good(number)
    return "frame", whole[: chance.randrange(1, len(whole))]


def missing(chance: random.Random, number: int) -> tuple[str, bytes]:
    frame = message(number)
    frame.pop(chance.choice(["meter", "timestamp", "mode", "frame"]))
    return "replay", json.dumps(frame).encode()


def nested(chance: random.Random, number: int) -> tuple[str, bytes]:
    depth = chance.randint(2_000, 10_000)
    left, right = chance.choice([(b"[", b"]"), (b'{"a":', b"}")])
    inside = left * depth + b"%d" % number + right * depth
    return "frame", chance.choice([inside, good(number)[:-1] + b', "more": ' + inside + b"}"])[:LONGEST_MESSAGE]


def huge_number(chance: random.Random, number: int) -> tuple[str, bytes]:
    digits = chance.choice(["9" * 5_000, "1e400", "-1e-5", "Infinity", "NaN", "0.5"])
    return "frame", good(number).replace(b'"SINSTS": %d' % number, b'"SINSTS": ' + digits.encode())


def no_frame(chance: random.Random, number: int) -> tuple[str, bytes]:
    """Too large, empty, binary, or JSON of something else."""
    things: tuple[Any, ...] = (None, [], [number], "text", number, {}, {"number": number}, {"frame": {}}, [[{}]])
    binary = bytes([0x80 | chance.randrange(64)]) + chance.randbytes(chance.randrange(1, 400))
    large = json.dumps(message(number, more="x" * chance.randint(LONGEST_MESSAGE, 2 * LONGEST_MESSAGE))).encode()
    kind = chance.choices(["json", "binary", "large", "empty"], [5, 8, 1, 1])[0]
    json_thing = json.dumps(chance.choice(things)).encode()
    return "frame", {"json": json_thing, "binary": binary, "large": large, "empty": b""}[kind]


def another_content(chance: random.Random, _: int) -> tuple[str, bytes]:
    """The identity of a good frame that was sent before, and something else in it."""
    number = chance.randrange(GOOD // 4)
    other = message(number)
    other["frame"][chance.choice(["SINSTS", "EAST"])] += 1 + chance.randrange(50)
    return chance.choice(["frame", "replay"]), json.dumps(other).encode()


def bad_tally(chance: random.Random, number: int) -> tuple[str, bytes]:
    tally: dict[str, Any] = {"meter": METER, "hour": "2026-11-24T12:00:00Z", "reader": "rig", "frames": number}
    key, value = chance.choice([("hour", "2026-11-24T12:30:00Z"), ("frames", -1), ("frames", "1"), ("reader", "a/b")])
    return "tally", json.dumps(tally | {key: value, "number": number}).encode()


def block(chance: random.Random, number: int) -> tuple[str, bytes]:
    """Bad frames in one message: each is recorded by itself."""
    makes = (wrong_value, missing, another_content)
    return "replay", write_block(chance.choice(makes)(chance, number)[1] for _ in range(chance.randint(1, 5)))


WAYS: tuple[tuple[Make, int], ...] = (
    (wrong_value, 54), (truncated, 10), (missing, 5), (nested, 4), (huge_number, 6), (no_frame, 15),
    (another_content, 6), (bad_tally, 3), (block, 3),
)  # fmt: skip


def bad_messages(chance: random.Random) -> Iterator[tuple[str, str, bytes]]:
    """Yield BAD times a kind, a topic and a payload; one in ten has been there before."""
    earlier: list[tuple[str, str, bytes]] = []
    makes, weights = zip(*WAYS, strict=True)
    for number in range(BAD):
        if earlier and chance.random() < 0.1:
            yield chance.choice(earlier)
            continue
        make = chance.choices(makes, weights)[0]
        word, payload = make(chance, 100_000 + number)
        meter = METER if chance.random() < 0.9 else chance.choice(["other", "über", "m" * 300])
        found = (make.__name__, f"teleinfo/{meter}/{word}", payload)
        earlier.append(found)
        yield found


def script(chance: random.Random) -> list[tuple[str, str, bytes]]:
    """Return all that is sent, in order: kind, topic, payload."""
    goods = [("good", f"teleinfo/{METER}/frame", good(number)) for number in range(GOOD)]
    first, later = goods[: GOOD // 4], goods[GOOD // 4 :]
    for bad in bad_messages(chance):
        if later and chance.random() < GOOD / BAD:
            first.append(later.pop(0))
        first.append(bad)
    return first + later


# -- the test ----------------------------------------------------------------------------------------------------------


def rejections(payload: bytes) -> list[bytes]:
    """Return what is recorded of a bad message: the frames of a block are."""
    try:
        return split_block(payload) if is_block(payload) else [payload]
    except MessageError:
        return [payload]


def rejected(client: MqttClient) -> set[tuple[str, str]]:
    """Return meter and timestamp of the frames that the storer has confirmed as rejected."""
    return {
        (topic.split("/")[1], timestamp)
        for topic, payload in list(client.messages)
        if topic.endswith("/stored")
        for timestamp in json.loads(payload)["rejected"]
    }


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Processes]:
    config = "max_queued_messages 100000\nmax_queued_bytes 0"
    with Processes(tmp_path, port="simulate://standard-single-phase-base", broker_config=config) as rig:
        yield rig


def test_ten_thousand_malformed_messages_cost_no_good_one(rig: Processes, capsys: pytest.CaptureFixture[str]) -> None:
    storer = rig.start_storer()
    storer.wait_for_log("Connected to the broker")
    messages = script(random.Random(7))
    kinds = Counter(kind for kind, _, _ in messages)
    bad = [(topic, part) for kind, topic, payload in messages if kind != "good" for part in rejections(payload)]
    named = {identity for _, payload in bad if (identity := peek_id(payload)) is not None}
    sent = Counter((topic[:255], len(payload), hashlib.sha256(payload[:KEPT]).hexdigest()) for topic, payload in bad)
    with MqttClient(rig.broker.port, subscribe=("teleinfo/+/stored", "teleinfo/rejected")) as client:
        for _, topic, payload in messages:
            client.send(topic, payload)

        def recorded() -> int:
            return int(rig.sql("SELECT COALESCE(SUM(times), 0) FROM rejected_messages")[0][0])

        wait_until(lambda: recorded() >= len(bad), 300, "all are recorded", [storer])
        wait_until(lambda: len(rig.counted.rows()) == GOOD, WITHIN, "all good ones are stored", [storer])
        wait_until(lambda: named <= rejected(client), WITHIN, "what names an identity is rejected", [storer])
        wait_until(lambda: len(client.payloads("teleinfo/rejected")) >= len(bad), WITHIN, "each is reported", [storer])

        table = {
            (topic, int(size), digest): (int(times), int(rows))
            for topic, size, digest, times, rows in rig.sql(
                "SELECT topic, size, SHA2(payload, 256), SUM(times), COUNT(*) FROM rejected_messages GROUP BY 1, 2, 3"
            )
        }
        assert {key: times for key, (times, _) in table.items()} == dict(sent)
        assert sum(rows for _, rows in table.values()) == len(set(bad))
        assert set(rig.counted.rows().values()) == {1}
        assert storer.stop() == 0
        reports = len(client.payloads("teleinfo/rejected"))
    health = rig.health("storer")
    assert health["stored"] == GOOD
    assert health["rejected"] == len(bad) == reports
    assert health["duplicate"] == health["pending"] == 0
    assert health["received"] == GOOD + len(bad)
    with capsys.disabled():
        print(f"\n{len(bad)} bad messages of {len(set(bad))} contents, {len(named)} identities: {dict(kinds)}")
