"""Puts off the import of a module that other modules import, but do not use here."""

import importlib
import os
import sys
import types
from collections.abc import Mapping
from typing import Any


def defer_rare_modules() -> None:
    """Defer what libraries import at once and these programs rarely use: most of it OpenSSL.

    It would be a quarter of the reader's memory. Call it before `dataclasses`, paho and PyMySQL, which import them.
    """
    defer_import("inspect")  # dataclasses: for a class without docstring
    # For TLS, websockets, proxies, and clients without an id; paho always uses what has a stand-in.
    defer_import("hashlib")
    defer_import("platform", {"system": lambda: os.uname().sysname})
    never_raised = ("SSLWantReadError", "SSLWantWriteError")
    defer_import("ssl", {name: type(name, (Exception,), {}) for name in never_raised})
    defer_import("urllib.request")
    defer_import("uuid")


def defer_import(name: str, stand_ins: Mapping[str, Any] | None = None) -> None:
    """Make `import NAME` load nothing from now on; the module is loaded when one of its attributes is first used.

    `stand_ins` are attributes that can be used without loading it; they are replaced by its own when it is loaded.
    Does nothing if it is loaded already.
    """
    if name not in sys.modules:
        _attach(name, _DeferredModule(name, stand_ins or {}))


class _DeferredModule(types.ModuleType):
    # importlib.util.LazyLoader is of no use here: `import NAME` itself reads an attribute, which makes it load.

    def __init__(self, name: str, stand_ins: Mapping[str, Any]) -> None:
        super().__init__(name)
        self.__stand_ins = tuple(stand_ins)
        vars(self).update(stand_ins)

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # asked for by the import system
            raise AttributeError(attribute)
        name = self.__name__
        if sys.modules.get(name) is self:
            del sys.modules[name]
        module = importlib.import_module(name)
        _attach(name, module)
        vars(self).update({stand_in: getattr(module, stand_in) for stand_in in self.__stand_ins})
        return getattr(module, attribute)


def _attach(name: str, module: types.ModuleType) -> None:
    sys.modules[name] = module
    package, _, child = name.rpartition(".")
    if package:
        setattr(importlib.import_module(package), child, module)
