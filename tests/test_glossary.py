"""One thing has one word in each language: docs/glossary.md against all texts that people read."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from monitor.base.help import HELP
from monitor.base.request_errors import TEXTS
from reader.meter import names
from tests.support.texts import EN, FR

ROOT = Path(__file__).resolve().parents[1]
NODE = shutil.which("node")
_PAGE = """
import { readdirSync } from 'node:fs';
function* texts(words, path) {
  for (const [name, value] of Object.entries(words)) {
    const here = `${path}.${name}`;
    if (typeof value === 'string') yield [here, value];
    else if (typeof value === 'function') yield [here, [value(...Array(value.length).fill(1))].flat().join('')];
    else if (value) yield* texts(value, here);
  }
}
const rooms = readdirSync('monitor/page', { recursive: true }).filter((file) => /(?<!dist.*)\\ben\\.js$/.test(file));
const inLanguage = (file, language) => `./monitor/page/${file.replace('en.js', `${language}.js`)}`;
const words = async (file, language) => (await import(inLanguage(file, language))).default;
const read = async (language) => {
  const each = rooms.map(async (file) => [...texts(await words(file, language), file.slice(0, -6))]);
  return Object.fromEntries((await Promise.all(each)).flat());
};
console.log(JSON.stringify({ en: await read('en'), fr: await read('fr') }));
"""
Pairs = Iterator[tuple[str, str, str]]  # where, in English, in French


def of_the_page() -> Pairs:
    assert NODE
    found = subprocess.run([NODE, "--input-type=module", "-e", _PAGE], cwd=ROOT, capture_output=True, check=True)
    words = json.loads(found.stdout)
    assert len(words["en"]) > 300
    # HC, as bills abbreviate it, is the same in both.
    yield from ((where, text, words["fr"][where]) for where, text in words["en"].items() if text != words["fr"][where])


def of_the_monitor() -> Pairs:
    """The columns of a CSV for machines are not for people."""
    yield from ((f"words.{key}", EN[key], text) for key, text in FR.items() if not key.startswith("csv_"))
    yield from ((f"help.{key}", HELP["en"][key], text) for key, text in HELP["fr"].items())
    yield from ((f"refusals.{key}", text.en, text.fr) for key, text in TEXTS.items())


def of_home_assistant() -> Pairs:
    def texts(value: Any, where: str) -> Pairs:
        if isinstance(value, names.Text):
            yield where, value.en, value.fr
        elif isinstance(value, Mapping | tuple):
            for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
                yield from texts(inner, f"{where}.{key}")

    for name, value in vars(names).items():
        # "Heures pleines / creuses" has the words of two rows.
        yield from (one for one in texts(value, name) if one[0] != "CONTRACT_NAMES.hchp")


def has(words: str, text: str) -> bool:
    """Tell whether a text has one of some words, or its plural; names of programs do not count."""
    text = re.sub(r"teleinfo-\w+", "", text).translate({0xA0: " ", 0x202F: " ", ord("-"): " "})
    forms = "|".join("e?s? ".join(map(re.escape, word.replace("-", " ").split())) for word in words.split(", "))
    return re.search(rf"\b(?:{forms})e?s?\b", text, re.IGNORECASE) is not None


GLOSSARY = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| English")
]


@pytest.mark.parametrize("source", [of_the_page, of_the_monitor, of_home_assistant])
def test_each_text_has_the_words_of_the_glossary(source: Any) -> None:
    if source is of_the_page and NODE is None:
        pytest.skip("Node is not installed: ./run test installs it")
    wrong = [
        (english, where, texts)
        for where, *texts in source()
        for english, french, _, banned in GLOSSARY
        if has(english, texts[0]) != has(french, texts[1]) or (banned and any(has(banned, text) for text in texts))
    ]
    assert not wrong


def test_a_word_of_the_glossary_is_found_as_people_write_it() -> None:
    assert has("trame", "12\u202ftrames manquent")
    assert has("standing charge", "Standing charges included")
    assert has("injecté, injection", "énergie injectée")
    assert not has("storer", "teleinfo-storer audit")
