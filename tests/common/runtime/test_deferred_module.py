"""A module whose import is put off: in processes of their own, as what is imported stays imported."""

import subprocess
import sys


def run(code: str) -> str:
    command = [
        sys.executable,
        "-P",
        "-c",
        f"import sys\nfrom common.runtime.deferred_module import defer_import\n{code}",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_importing_it_loads_nothing() -> None:
    code = """
defer_import("urllib.request")
import urllib.request
print("http.client" in sys.modules, hasattr(urllib.request, "__path__"))
"""
    assert run(code) == "False False"


def test_using_it_loads_it_and_puts_the_real_module_in_its_place() -> None:
    code = """
defer_import("urllib.request")
import urllib.request
before = urllib.request
print(before.Request("http://localhost/").host, before.urlopen.__module__)
import urllib.request
print(urllib.request is not before, sys.modules["urllib.request"] is urllib.request, "http.client" in sys.modules)
from urllib.request import HTTPHandler
print(HTTPHandler is before.HTTPHandler)
"""
    assert run(code).split() == ["localhost", "urllib.request", "True", "True", "True", "True"]


def test_a_module_that_is_loaded_already_stays() -> None:
    code = """
import urllib.request
before = urllib.request
defer_import("urllib.request")
print(sys.modules["urllib.request"] is before is urllib.request)
"""
    assert run(code) == "True"


def test_a_stand_in_loads_nothing_and_gives_way_to_the_real_one() -> None:
    code = """
defer_import("colorsys", {"rgb_to_hls": "stands in"})
import colorsys
before = colorsys
print(before.rgb_to_hls, sys.modules["colorsys"] is before)
print(before.ONE_THIRD > 0, before.rgb_to_hls is sys.modules["colorsys"].rgb_to_hls, before.rgb_to_hls(0, 0, 0))
"""
    assert run(code).splitlines() == ["stands in True", "True True (0.0, 0.0, 0.0)"]


def test_paho_sees_the_errors_of_ssl_as_soon_as_it_uses_tls() -> None:
    code = """
from common.runtime.deferred_module import defer_rare_modules
defer_rare_modules()
import paho.mqtt.client as paho
print("_ssl" in sys.modules, issubclass(paho.ssl.SSLWantReadError, OSError))
paho.Client(paho.CallbackAPIVersion.VERSION2).tls_set()
import ssl
print("_ssl" in sys.modules, paho.ssl.SSLWantReadError is ssl.SSLWantReadError, issubclass(ssl.SSLError, OSError))
"""
    assert run(code).splitlines() == ["False False", "True True True"]
