import os
from pathlib import Path

import pytest

from monitor.web.files import IMMUTABLE, NO_CACHE, Files, sources_digest
from monitor.web.http import Response

INDEX = (
    '<!doctype html><html lang="fr"><head><base href="./"><script type="module" src="main.js"></script></head></html>'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "page" / "view").mkdir(parents=True)
    (tmp_path / "page" / "index.html").write_text(INDEX)
    (tmp_path / "page" / "main.js").write_text("start();")
    (tmp_path / "page" / "view" / "now.js").write_text("now();")
    (tmp_path / "page" / "__init__.py").write_text("")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "page"


def got(response: Response | None) -> Response:
    assert response is not None
    return response


def test_a_file_has_its_type_and_is_asked_for_again_each_time(folder: Path) -> None:
    response = got(Files(folder).get("view/now.js"))
    assert (response.body, response.kind) == (b"now();", "text/javascript; charset=utf-8")
    assert response.headers["Cache-Control"] == NO_CACHE
    assert response.etag is not None


def test_a_changed_file_is_read_again(folder: Path) -> None:
    files = Files(folder)
    before = got(files.get("main.js"))
    (folder / "main.js").write_text("other();")
    os.utime(folder / "main.js", ns=(1, 1))
    after = got(files.get("main.js"))
    assert (after.body, after.etag != before.etag) == (b"other();", True)


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "view/../../secret.txt", "/etc/hosts.txt", "view//now.js", "view", "", ".hidden.js", "view/.js",
     "main.js\0.js", "__init__.py", "main.js/", "x" * 300 + ".js"],
)  # fmt: skip
def test_nothing_else_is_served(folder: Path, path: str) -> None:
    assert Files(folder).get(path) is None


def test_a_built_page_goes_before_the_sources_and_its_hashed_files_are_kept_for_ever(folder: Path) -> None:
    (folder / "dist").mkdir()
    (folder / "dist" / "index.html").write_text(INDEX.replace("main.js", "main-ABCD2345.js"))
    (folder / "dist" / "main-ABCD2345.js").write_text("start()")
    (folder / "dist" / "app.svg").write_text("<svg/>")
    (folder / "dist" / "made-of").write_text(f"{sources_digest(folder)}\n")
    files = Files(folder)
    hashed, plain = got(files.get("main-ABCD2345.js")), got(files.get("app.svg"))
    assert hashed.headers["Cache-Control"] == IMMUTABLE
    assert plain.headers["Cache-Control"] == NO_CACHE
    assert files.get("main.js") is None
    page = got(files.index("./"))
    assert b"main-ABCD2345.js" in page.body
    assert page.headers["Cache-Control"] == NO_CACHE


@pytest.mark.parametrize("change", ["an edit", "a new file", "no mark"])
def test_a_bundle_of_other_sources_is_not_served(folder: Path, change: str, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "dist").mkdir()
    (folder / "dist" / "index.html").write_text("old")
    (folder / "dist" / "made-of").write_text(sources_digest(folder))
    if change == "no mark":
        (folder / "dist" / "made-of").unlink()
    else:
        (folder / ("main.js" if change == "an edit" else "new.js")).write_text("start(2);")
    page = got(Files(folder).index("./"))
    assert b"main.js" in page.body
    assert "./run page" in caplog.text


def test_sources_are_never_kept_for_ever_whatever_their_name(folder: Path) -> None:
    (folder / "main-ABCD2345.js").write_text("start()")
    response = got(Files(folder).get("main-ABCD2345.js"))
    assert response.headers["Cache-Control"] == NO_CACHE
