"""What reader and storer must agree on."""

import os

from common.deferred_module import defer_import


class _NotRaised(Exception):
    pass


# Libraries import these modules, and use them for what is rare here. The reader does without them: they would be a
# quarter of its memory, most of it OpenSSL. They are deferred here, before anything imports them.
defer_import("inspect")  # dataclasses: for a class without docstring
# paho: for TLS, websockets, proxies, and clients without an id; it always uses what has a stand-in.
defer_import("hashlib")
defer_import("platform", {"system": lambda: os.uname().sysname})
defer_import("ssl", {"SSLWantReadError": _NotRaised, "SSLWantWriteError": _NotRaised})
defer_import("urllib.request")
defer_import("uuid")
