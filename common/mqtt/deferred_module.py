"""Puts off the import of a module that a third-party library imports, but does not use here."""

import importlib
import sys
import types
from typing import Any


def defer_import(name: str) -> None:
    """Make `import NAME` load nothing from now on; the module is loaded when one of its attributes is first used.

    Does nothing if it is loaded already.
    """
    if name not in sys.modules:
        _attach(name, _DeferredModule(name))


class _DeferredModule(types.ModuleType):
    # importlib.util.LazyLoader is of no use here: `import NAME` itself reads an attribute, which makes it load.

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # asked for by the import system
            raise AttributeError(attribute)
        name = self.__name__
        if sys.modules.get(name) is self:
            del sys.modules[name]
        module = importlib.import_module(name)
        _attach(name, module)
        return getattr(module, attribute)


def _attach(name: str, module: types.ModuleType) -> None:
    sys.modules[name] = module
    package, _, child = name.rpartition(".")
    if package:
        setattr(importlib.import_module(package), child, module)
