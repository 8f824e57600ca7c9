import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import common
import reader
import storer
from common import errors
from common.errors import DatabaseError, InvalidRow, PermanentError, TeleinfoError, Unavailable


def tree(root: type[TeleinfoError]) -> Iterator[type[TeleinfoError]]:
    yield root
    for branch in root.__subclasses__():
        yield from tree(branch)


def exceptions_of(module_name: str) -> set[type[BaseException]]:
    module = importlib.import_module(module_name)
    return {
        thing
        for _, thing in inspect.getmembers(module, inspect.isclass)
        if issubclass(thing, BaseException) and thing.__module__ == module_name
    }


MODULES = sorted(
    module.name
    for package in (common, reader, storer)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith("__main__")
)


def test_every_exception_is_in_the_tree() -> None:
    found = {name: exceptions_of(name) for name in MODULES}
    known = set(tree(TeleinfoError))  # once all modules are loaded
    assert {name: kinds for name, kinds in found.items() if not kinds <= known} == {}


def test_the_tree_in_the_docstring_is_complete() -> None:
    drawn = [line.split("+-- ")[1].split()[0] for line in (errors.__doc__ or "").splitlines() if "+-- " in line]
    assert sorted(drawn) == sorted(kind.__name__ for kind in exceptions_of("common.errors") - {TeleinfoError})
    assert {PermanentError, Unavailable, InvalidRow} <= set(DatabaseError.__subclasses__())
