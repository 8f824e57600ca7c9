"""What the documents name exists (links, commands, configurations), and French pages match the English ones."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import yaml

import monitor.__main__
import reader.__main__
import storer.__main__
from common.settings.config import load
from monitor.base.config import MonitorConfig
from monitor.money.price_document import read_document
from monitor.money.sections import SECTIONS
from reader.config import ReaderConfig
from storer.config.options import StorerConfig

ROOT = Path(__file__).resolve().parent.parent


def found_documents() -> list[str]:
    found = []
    for folder, inside, files in os.walk(ROOT):
        inside[:] = [name for name in inside if not name.startswith(".") and name not in ("dist", "node_modules")]
        found += [(Path(folder) / name).relative_to(ROOT).as_posix() for name in files if name.endswith(".md")]
    return sorted(found)


DOCUMENTS = found_documents()
PROGRAMS: dict[str, Callable[[], int]] = {
    "teleinfo-reader": reader.__main__.main,
    "teleinfo-storer": storer.__main__.main,
    "teleinfo-monitor": monitor.__main__.main,
}
CONFIGURATIONS: tuple[type[Any], ...] = (ReaderConfig, StorerConfig, MonitorConfig)
#: Keys that show that a block of YAML is a `prices.yaml`.
PRICES = {"feed_in", "offers", "rules", "taxes"}

#: Keys that show that a block of YAML is not ours: Home Assistant's automations, ser2net, Compose, Grafana, Prometheus,
#: evcc.
FOREIGN = {"triggers", "connection", "services", "apiVersion", "scrape_configs", "groups", "tariffs", "binary_sensor"}

FENCE = re.compile(r"^ *```(\w*).*?\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(`+)(.+?)\1")
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(([^()\s]+)\)|<img src=\"([^\"]+)\"")
HEADING = re.compile(r"^(#{2,6}) +(.+)$", re.MULTILINE)

#: A release, by a path that leads out of the branch at the code forge, whatever the account is called.
RELEASE = re.compile(r"(?P<up>(?:\.\./)+)releases/latest(?:/download/[\w.]+)?")

#: What a householder reads: at most as many words.
HOUSEHOLDER, OTHER, ALL = 1200, 1500, 40_000

# A service or an account may have the program's name: what follows it is not a command.
PROGRAM = re.compile(r"(?<!-[a-z] )\b(teleinfo-(?:reader|storer|monitor)) +([a-z][a-z-]*)([^\n|;&<>#]*)")
OTHER_TOOLS = re.compile(r"\b(?:systemctl|journalctl|chown|usermod|useradd)\b")
NAMED = re.compile(r"(?:common|reader|storer|monitor|deploy|demo|docs|mariadb|mosquitto|tests)/[\w./-]+[.]\w+")
RUN = re.compile(r"\./run +([a-z][a-z-]*)(?: +([a-z][a-z-]*)(?![\w/.]))?")


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def prose(document: str) -> str:
    """Return a document without its blocks of code."""
    return FENCE.sub("", text_of(document))


def blocks(document: str) -> list[tuple[str, str]]:
    """Return the language and the text of each block of code."""
    return FENCE.findall(text_of(document))


def code(document: str) -> Iterator[str]:
    """Yield all that is set as code, line by line."""
    for _, block in blocks(document):
        yield from block.splitlines()
    for _, span in SPAN.findall(prose(document)):
        yield span


def links(document: str) -> Iterator[tuple[str, str]]:
    """Yield the file and the anchor of each link into the project, and the file of each picture."""
    for link, picture in LINK.findall(SPAN.sub("", prose(document))):
        target = link or picture
        if not re.match(r"[a-z]+:", target) and not RELEASE.fullmatch(target):
            path, _, anchor = target.partition("#")
            yield os.path.normpath(Path(document).parent / path) if path else document, anchor


def anchors(document: str) -> set[str]:
    """Return what may stand behind `#` in a link to this document, as GitHub makes it of the headings."""
    found: set[str] = set()
    for _, heading in HEADING.findall(prose(document)):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        again = sum(1 for other in found if re.fullmatch(re.escape(name) + r"(?:-\d+)?", other))
        found.add(f"{name}-{again}" if again else name)
    return found


def help_of(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], program: str, *command: str) -> str:
    """Return the help of a program or of a command of it, or nothing if there is no such command."""
    monkeypatch.setattr(sys, "argv", [program, *command, "--help"])
    with pytest.raises(SystemExit) as end:
        PROGRAMS[program]()
    shown = capsys.readouterr().out
    return shown if end.value.code == 0 else ""


def documented_by_run() -> set[tuple[str, str]]:
    """Return the commands in `./run help`, each with a word that may follow it, or with none."""
    usage = text_of("run").partition("usage: ./run COMMAND\n")[2].partition("\nEND\n")[0]
    listed = re.findall(r"^  ([a-z-]+)(?: ([a-z|-]+))?(?:  .*|)$", re.sub(r"\[ARG…\]|X\.Y\.Z", "", usage), re.MULTILINE)
    return {(command, word) for command, words in listed for word in ["", *words.split("|")]}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_an_empty_line_stands_above_each_table(document: str) -> None:
    """Below an item of a list it is no table otherwise, but a paragraph full of bars."""
    assert not re.findall(r"^(?!\|).*\S.*\n\|.*\n\|[-| :]+\|$", prose(document), re.MULTILINE)


@pytest.mark.parametrize("user", ["reader", "storer", "monitor"])
def test_rabbitmq_allows_what_mosquitto_allows(user: str) -> None:
    rules = re.search(rf"set_topic_permissions {user} amq.topic \\\n +'(.+)' \\\n +'(.+)'", text_of("docs/brokers.md"))
    assert rules
    (lines,) = re.findall(rf"^user {user}\n((?:.+\n)+)", text_of("mosquitto/acl"), re.MULTILINE)
    for access, topic in re.findall(r"^topic (read|write|readwrite) (.+)$", lines, re.MULTILINE):
        for right, rule in zip(("write", "read"), rules.groups(), strict=True):
            if right in access:
                key = topic.replace("homeassistant/device/+", "homeassistant/device/teleinfo_x").replace("+", "x")
                assert re.search(rule, key.replace("/", ".")), (right, topic)


def test_each_link_leads_to_a_file_and_a_heading_that_exist() -> None:
    headings = {document: anchors(document) for document in DOCUMENTS}
    for document in DOCUMENTS:
        for path, anchor in links(document):
            assert (ROOT / path).exists(), (document, path)
            assert not path.startswith(".."), (document, path)
            assert not anchor or anchor in headings[path], (document, f"{path}#{anchor}")


def test_a_link_to_a_release_leads_out_of_the_branch() -> None:
    """The forge shows a document at `ACCOUNT/PROJECT/blob/BRANCH/PATH`."""
    found = {document: RELEASE.finditer(text_of(document)) for document in DOCUMENTS}
    assert all(match["up"] == "../" * (document.count("/") + 2) for document in found for match in found[document])


def test_documents_are_short() -> None:
    words = {document: sum(1 for word in text_of(document).split() if re.search(r"\w", word)) for document in DOCUMENTS}
    assert {document: words[document] for document in ("README.md", "LISEZMOI.md") if words[document] > 600} == {}
    for_householders = {document for pair in TWINS.items() for document in pair} & words.keys()
    assert {document: words[document] for document in for_householders if words[document] > HOUSEHOLDER} == {}
    del words["CHANGELOG.md"]
    assert {document: words[document] for document in words if words[document] > OTHER} == {}
    assert sum(len(text_of(document).split()) for document in words) <= ALL


def test_a_shell_can_read_what_is_to_be_typed() -> None:
    for document in DOCUMENTS:
        typed = "".join(block for language, block in blocks(document) if language in ("sh", "bash"))
        result = subprocess.run(["bash", "-n"], input=typed, capture_output=True, text=True, check=False)
        assert result.stderr == "", document


def test_each_file_that_is_named_exists() -> None:
    for document in DOCUMENTS:
        named = re.findall(r"(?<![\w/.-])[\w.-][\w./-]*\.example\b[\w.]*", "\n".join(code(document)))
        if document != "CHANGELOG.md":
            spans = (span for _, span in SPAN.findall(prose(document)))
            named += [span for span in spans if NAMED.fullmatch(span)]
        assert [name for name in named if not (ROOT / name).exists()] == [], document


@pytest.mark.parametrize("start", ["README.md", "LISEZMOI.md"])
def test_every_page_is_reached_from_the_first(start: str) -> None:
    reached, ahead = set(), {start}
    while ahead:
        page = ahead.pop()
        reached.add(page)
        ahead |= {path for path, _ in links(page) if path in DOCUMENTS} - reached
    assert not set(DOCUMENTS) - reached


def test_each_command_of_a_program_exists_with_its_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: dict[tuple[str, ...], str] = {}
    for line in (line for document in DOCUMENTS for line in code(document) if not OTHER_TOOLS.search(line)):
        for program, command, rest in PROGRAM.findall(line):
            called = (program, command, *re.findall(r"^ +([a-z][a-z-]*)", rest))
            if called not in shown:
                shown[called] = help_of(monkeypatch, capsys, *called)
            assert shown[called], line
            for name in re.findall(r"(?<!\S)--[a-z0-9-]+", rest):
                assert re.search(rf"{name}\b(?!-)", shown[called]), line


def test_run_has_the_commands_in_its_help() -> None:
    cases = text_of("run").partition("\ncase $command in\n")[2]
    labels = re.findall(r"^    ([a-z][a-z |-]*)\)$", cases, re.MULTILINE)
    known = {word for label in labels for word in label.split(" | ")}
    assert {command for command, _ in documented_by_run()} == known - {"help", "-h", "--help"}


def test_each_command_of_run_exists() -> None:
    documented = documented_by_run()
    named = {command for document in DOCUMENTS for line in code(document) for command in RUN.findall(line)}
    assert named - documented == set()


YAML = [
    pytest.param(block, id=f"{document}-{number}")
    for document in DOCUMENTS
    for number, (language, block) in enumerate(blocks(document), 1)
    if language == "yaml"
]


def knows(kind: type[Any], document: dict[str, Any]) -> bool:
    """Tell whether a program has these options; `home_assistant` is another section in each."""
    known = get_type_hints(kind)
    own = document.get("home_assistant", {}).keys()
    return document.keys() <= known.keys() and (
        not own or own <= {field.name for field in fields(known["home_assistant"])}
    )


@pytest.mark.parametrize("block", YAML)
def test_each_configuration_shown_is_one_that_loads(block: str, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret", encoding="utf-8")
    document = yaml.safe_load(re.sub(r"(password_file: *)/[\w./-]+", rf"\g<1>{password}", block))
    assert isinstance(document, dict)
    if document.keys() & FOREIGN:
        return
    if document.keys() <= PRICES:
        assert read_document(document, "prices.yaml").rows or document.keys() <= {"feed_in", "rules"}
        return
    if document.keys() <= SECTIONS.keys():  # of the document of the settings
        for name, value in document.items():
            SECTIONS[name].read(json.loads(json.dumps(value, default=str)))
        return
    # A fragment may be of any program; what several know must be right for all of them.
    kinds = [kind for kind in CONFIGURATIONS if knows(kind, document)]
    assert kinds, f"no program has all of {', '.join(document)}"
    for kind in kinds:
        needed = {"port": "/dev/ttyAMA0"} if kind is ReaderConfig else {}
        file = tmp_path / "program.yaml"
        file.write_text(yaml.safe_dump(needed | document), encoding="utf-8")
        load(kind, file)


#: The pages and pictures that also exist in French. A French one has a French name, or ends in `-fr`.
TWINS = {
    "README.md": "LISEZMOI.md",
    "docs/alerts.md": "docs/alertes.md",
    "docs/energy.md": "docs/energie.md",
    "docs/fetch.md": "docs/exterieur.md",
    "docs/hardware.md": "docs/materiel.md",
    "docs/home-assistant.md": "docs/home-assistant-fr.md",
    "docs/i-want.md": "docs/je-veux.md",
    "docs/import.md": "docs/importer.md",
    "docs/installation.md": "docs/installation-fr.md",
    "docs/page.md": "docs/page-fr.md",
    "docs/sources.md": "docs/sources-fr.md",
    "docs/sun.md": "docs/soleil.md",
    "docs/troubleshooting.md": "docs/depannage.md",
    "docs/pictures/watch.svg": "docs/pictures/watch-fr.svg",
    "docs/pictures/page/film.webp": "docs/pictures/page/film-fr.webp",
}
TWIN = pytest.mark.parametrize(("english", "french"), [pair for pair in TWINS.items() if pair[0] in DOCUMENTS])


def outline(document: str) -> list[str]:
    """Return the level of each heading, and for each row of a table the number of its columns."""
    lines = re.findall(r"^(##+(?= )|\|.*\|$)", prose(document), re.MULTILINE)
    return [line if line.startswith("#") else f"{line.count('|') - 1} columns" for line in lines]


def to_type(document: str) -> list[str]:
    """Return what is typed into a terminal or a file, without comments, names to fill in and texts people read."""
    return [
        re.sub(r" *#.*|[A-Z]{4,}(?![A-Z_]*=)|\{\{.*|else '.*|(alias|description|title|message): .*", "", block)
        for language, block in blocks(document)
        if language
    ]


def targets(document: str, other: dict[str, str]) -> set[str]:
    """Return the files that a page links to, a page of `other` counted as its translation."""
    return {other.get(path, path) for path, _ in links(document)}


@TWIN
def test_a_page_in_two_languages_has_the_same_headings_commands_and_links(english: str, french: str) -> None:
    assert outline(french) == outline(english)
    assert to_type(french) == to_type(english)
    assert targets(french, {}) == targets(english, TWINS | {english: french, french: english})
    assert french in targets(english, {})
    assert english in targets(french, {})


def test_a_french_page_has_no_break_spaces_before_its_punctuation() -> None:
    for document in {*TWINS.values()} & set(DOCUMENTS):
        assert not re.findall(r".* [:;?!](?=\s|\*|$)", SPAN.sub("", prose(document)), re.MULTILINE), document


def test_the_design_has_a_row_for_each_package() -> None:
    rows = set(re.findall(r"^\| `([a-z_/]+)/` \|", text_of("docs/design.md"), re.MULTILINE))
    packages = {
        file.parent.relative_to(ROOT).as_posix()
        for folder in ("reader", "storer", "monitor", "common")
        for file in (ROOT / folder).rglob("__init__.py")
    }
    assert packages - rows == set()
