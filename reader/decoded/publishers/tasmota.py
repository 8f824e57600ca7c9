"""Tasmota: the object `TIC` has the labels of the meter, in `SENSOR` or, in Bernaerts' fork, in a topic `TIC`. Pure.

The official driver sends numbers, which lost their zeros, and no stamps; the fork texts, with stamps in front. `ENERGY`
is not the meter's: its total follows the meter from afar, and can be set by hand. An overload is published as the
number of the phase, not in A: `reader/decoded/values.py` drops it.
"""

from collections.abc import Mapping

from reader.decoded.conversion import MODE_OF, mode_of, split_stamp
from reader.decoded.publisher import Found, Memory, Message, Publisher, Refusal, parent

_OBJECT = "TIC"


def _tic(message: Message) -> Mapping[str, object]:
    return {label: sent for label, sent in message.inside(_OBJECT).items() if label in MODE_OF}


def _recognises(message: Message) -> bool:
    return bool(_tic(message))


def _find(message: Message, memory: Memory) -> Found | Refusal:
    split = {label: split_stamp(sent) for label, sent in _tic(message).items()}
    stamps = {label: stamp for label, (_, stamp) in split.items() if stamp is not None}
    return Found({label: sent for label, (sent, _) in split.items()}, mode_of(split), stamps=stamps)


PUBLISHER = Publisher(name="tasmota", recognises=_recognises, find=_find, device=parent)
