"""The files that Home Assistant's Supervisor reads before the app runs: repository.yaml and homeassistant/.

What the Supervisor does with a wrong one is not tested here but known: it leaves the app out, or drops the key.
"""

import os
import re
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from common.machine.version import __version__
from deploy.release.version import Version
from tests.support.servers import find_program

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "homeassistant"
LANGUAGES = ("en", "fr")
#: The keys that we use. The Supervisor drops silently what it does not know: look a new one up, also whether it is
#: deprecated, and whether it lowers the rating that the store shows.
KEYS = {
    *("name", "version", "slug", "description", "url", "image", "arch", "homeassistant", "startup", "timeout", "uart"),
    *("ingress", "ingress_port", "panel_icon", "panel_title", "panel_admin", "ports", "watchdog"),
    *("services", "homeassistant_api", "map", "tmpfs", "backup", "backup_pre", "backup_exclude", "options", "schema"),
}
REQUIRED = {"name", "version", "slug", "description", "arch"}
DEPRECATED_FOLDERS = {"config", "addons", "addon_config", "all_addon_configs"}
_MY = r"https://my\.home-assistant\.io/redirect"
REPOSITORY_BUTTON = re.compile(rf"{_MY}/supervisor_store/\?repository_url=([^)]+)")
BLUEPRINT_BUTTON = re.compile(rf"{_MY}/blueprint_import/\?blueprint_url=([^)]+)")
ADDRESS = re.compile(r"github(?:usercontent)?\.com/([\w.-]+/teleinfo-monitor)\b")
IMAGE = re.compile(r"(ghcr\.io/[\w.-]+/teleinfo)\b")
_TYPE = re.compile(r"(\w+)(?:\((.*)\))?(\?)?$")


def read(path: Path) -> dict[str, Any]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


CONFIG = read(APP / "app.yaml")
REPOSITORY = read(ROOT / "repository.yaml")


def found(root: Path, stem: str) -> list[str]:
    """Return the files of a name that the Supervisor would read in a clone of this project."""
    files: list[str] = []
    for folder, inside, names in os.walk(root):
        inside[:] = [name for name in inside if not name.startswith(".") and name not in ("rootfs", "node_modules")]
        here = [Path(folder) / name for name in names if re.fullmatch(rf"{stem}\.(yaml|yml|json)", name)]
        files += [path.relative_to(root).as_posix() for path in here]
    return sorted(files)


def test_the_supervisor_finds_one_repository_and_an_app_once_one_was_released() -> None:
    released = re.search(r"^## \S+ - ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert found(ROOT, "config") in ([], ["homeassistant/config.yaml"] if released else [])
    assert found(ROOT, "repository") == ["repository.yaml"]


def test_the_configuration_has_what_the_supervisor_requires_and_nothing_that_it_does_not_know() -> None:
    assert REQUIRED - set(CONFIG) == set()
    assert set(CONFIG) - KEYS == set()
    assert set(CONFIG["arch"]) == {"aarch64", "amd64"}
    assert not {folder.partition(":")[0] for folder in CONFIG["map"]} & DEPRECATED_FOLDERS
    assert re.fullmatch(r"[-_.A-Za-z0-9]+", CONFIG["slug"])
    assert 10 <= CONFIG["timeout"] <= 300
    assert REPOSITORY.keys() == {"name", "url", "maintainer"}


def test_the_app_has_what_raises_its_rating() -> None:
    assert CONFIG["ingress"] is True
    assert (APP / "apparmor.txt").exists()


def test_the_watchdog_asks_the_page_of_the_side_bar() -> None:
    assert CONFIG["watchdog"] == f"http://[HOST]:[PORT:{CONFIG['ingress_port']}]/health"


def test_the_app_never_has_a_version_whose_image_may_not_be_there() -> None:
    """It follows the programs once the image is published: `deploy/release`."""
    offered = re.findall(r"^## (.+)$", (APP / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    config = APP / "config.yaml"
    assert offered[:1] == ([read(config)["version"]] if config.exists() else [])
    assert all(Version.parse(version) <= Version.parse(__version__) for version in offered)


def documents() -> Iterator[tuple[str, str]]:
    """Yield the texts that may name the address of this project."""
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *APP.rglob("*")]:
        if path.suffix in (".md", ".yaml"):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def test_every_place_names_the_same_repository() -> None:
    url = REPOSITORY["url"]
    assert CONFIG["url"] == url
    _, _, owner, name = url.removeprefix("https:").split("/")[1:]
    assert CONFIG["image"] == f"ghcr.io/{owner if owner == 'OWNER' else owner.lower()}/teleinfo-app"
    for document, text in documents():
        assert set(ADDRESS.findall(text)) <= {f"{owner}/{name}"}, document
        assert {f"{image}-app" for image in IMAGE.findall(text)} <= {CONFIG["image"]}, document


def test_each_button_leads_to_this_repository() -> None:
    found = [(document, value) for document, text in documents() for value in REPOSITORY_BUTTON.findall(text)]
    assert {"README.md", "LISEZMOI.md"} <= {document for document, _ in found}
    assert {value for _, value in found} == {quote(REPOSITORY["url"], safe="")}


@pytest.mark.parametrize("document", ["docs/home-assistant.md", "docs/home-assistant-fr.md"])
def test_each_blueprint_has_a_button_that_imports_it(document: str) -> None:
    blueprints = [path.relative_to(ROOT).as_posix() for path in APP.glob("blueprints/**/*.yaml")]
    buttons = BLUEPRINT_BUTTON.findall((ROOT / document).read_text(encoding="utf-8"))
    assert {quote(f"{REPOSITORY['url']}/blob/main/{blueprint}", safe="") for blueprint in blueprints} <= set(buttons)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_option_and_each_port_is_explained_in_both_languages(language: str) -> None:
    def explained(texts: Any, schema: dict[str, Any]) -> None:
        assert texts.keys() == schema.keys()
        for key, kind in schema.items():
            assert texts[key]["name"], key
            assert texts[key]["description"], key
            fields = texts[key].get("fields", {})
            explained(fields, kind if isinstance(kind, dict) else {})

    translation = read(APP / "translations" / f"{language}.yaml")
    explained(translation["configuration"], CONFIG["schema"])
    assert translation["network"].keys() == CONFIG["ports"].keys()
    assert all(translation["network"].values())


def test_no_other_language_is_half_done() -> None:
    assert {path.name for path in (APP / "translations").iterdir()} == {f"{language}.yaml" for language in LANGUAGES}


def misfits(kind: Any, value: Any, at: str = "") -> Iterator[str]:
    """Yield where options do not fit their schema, as the Supervisor compares them."""
    match kind, value:
        case dict(), dict():
            yield from (f"{at}.{key}" for key in value if key not in kind)
            yield from (f"{at}.{key}" for key in kind if key not in value and not may_be_absent(kind[key]))
            for key in kind.keys() & value.keys():
                yield from misfits(kind[key], value[key], f"{at}.{key}")
        case list(), list():
            for number, item in enumerate(value):
                yield from misfits(kind[0], item, f"{at}[{number}]")
        case str(), _ if fits(kind, value):
            pass
        case _:
            yield at


def may_be_absent(kind: Any) -> bool:
    kind = kind[0] if isinstance(kind, list) else kind
    return isinstance(kind, str) and kind.endswith("?")


def fits(kind: str, value: Any) -> bool:
    match = _TYPE.match(kind)
    assert match, kind
    name, argument, _ = match.groups()
    match name:
        case "bool":
            return isinstance(value, bool)
        case "port":
            return isinstance(value, int) and 0 < value < 65536
        case "list":
            return value in argument.split("|")
        case "match":
            return isinstance(value, str) and re.match(argument, value) is not None
        case "str" | "password" | "device":
            return isinstance(value, str)
    raise AssertionError(f"a type that this test does not know: {kind}")


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ({"a": "bool"}, {"a": False}, []),
        ({"a": "bool"}, {"a": "no"}, [".a"]),
        ({"a": "bool"}, {}, [".a"]),
        ({"a": "str?"}, {}, []),
        ({"a": "str?"}, {"a": None}, [".a"]),
        ({"a": "str"}, {"b": "x", "a": "x"}, [".b"]),
        ({"a": "list(x|y)"}, {"a": "z"}, [".a"]),
        ({"a": "port?"}, {"a": 65536}, [".a"]),
        ({"a": ["device(subsystem=tty)?"]}, {"a": []}, []),
        ({"a": ["device(subsystem=tty)?"]}, {}, []),
        ({"a": ["str"]}, {}, [".a"]),
        ({"a": ["match(^(socket|rfc2217)://.+)?"]}, {"a": ["socket://x:1", "/dev/ttyS0"]}, [".a[1]"]),
        ({"a": {"b": "str?"}}, {}, [".a"]),
        ({"a": {"b": "str?"}}, {"a": {}}, []),
        ({"a": {"b": "str"}}, {"a": {}}, [".a.b"]),
    ],
)
def test_options_are_compared_with_their_schema(kind: Any, value: Any, expected: list[str]) -> None:
    assert list(misfits(kind, value)) == expected


def test_the_app_starts_with_its_default_options() -> None:
    assert list(misfits(CONFIG["schema"], CONFIG["options"])) == []
    assert CONFIG["options"]["ports"] == []  # visible although nobody has chosen one


@pytest.mark.parametrize(
    ("address", "accepted"),
    [
        ("rfc2217://192.168.1.30:3333", True),
        ("socket://meter.local:8888/", True),
        ("socket://[fe80::1]:23", True),
        ("socket://192.168.1.30", False),
        ("socket://:8888", False),
        ("192.168.1.30:3333", False),
        ("rfc2217://192.168.1.30:3333 ", False),
        ("mqtt:zigbee2mqtt/Linky", True),
        ("mqtt:zigbee2mqtt/Compteur général", True),
        ("mqtt:node/sensor/+/state?unit=Wh&linky_east=EAST", True),
        ("mqtt://192.168.1.30:1883", False),
        ("mqtt:#", False),
        ("zigbee2mqtt/Linky", False),
    ],
)
def test_the_form_takes_no_address_that_the_reader_would_refuse(address: str, accepted: bool) -> None:
    """The Supervisor says so when it is saved; the reader could only end, again and again."""
    (kind,) = CONFIG["schema"]["addresses"]
    assert fits(kind, address) is accepted


@pytest.mark.parametrize(("picture", "size"), [("icon.png", (128, 128)), ("logo.png", (250, 100))])
def test_a_picture_has_the_size_that_the_store_shows(picture: str, size: tuple[int, int]) -> None:
    content = (APP / picture).read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == size


def test_the_apparmor_profile_can_be_renamed_by_the_supervisor() -> None:
    lines = (APP / "apparmor.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split()[1] for line in lines if re.match(r"profile [^ ]+", line)] == ["teleinfo"]


def test_the_apparmor_profile_compiles() -> None:
    parser = find_program("apparmor_parser")
    subprocess.run([parser, "--skip-kernel-load", "--skip-cache", APP / "apparmor.txt"], check=True)
