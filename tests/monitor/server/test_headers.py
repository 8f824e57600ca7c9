from monitor.server.headers import security_headers


def directives(policy: str) -> dict[str, str]:
    return {name: sources for name, _, sources in (part.strip().partition(" ") for part in policy.split(";"))}


def test_nothing_is_loaded_from_elsewhere_and_nothing_inline_runs() -> None:
    policy = security_headers(())["Content-Security-Policy"]
    found = directives(policy)
    assert found["default-src"] == "'self'"
    assert found["object-src"] == "'none'"
    assert found["form-action"] == found["base-uri"] == "'self'"
    assert "unsafe" not in policy
    assert "http" not in policy


def test_only_our_own_pages_may_frame_the_page_by_default() -> None:
    headers = security_headers(())
    assert directives(headers["Content-Security-Policy"])["frame-ancestors"] == "'self'"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"


def test_configured_pages_may_frame_it_too() -> None:
    headers = security_headers(("http://homeassistant.local:8123", "https://home.example.org"))
    framing = directives(headers["Content-Security-Policy"])["frame-ancestors"]
    assert framing == "'self' http://homeassistant.local:8123 https://home.example.org"
    assert "X-Frame-Options" not in headers  # older browsers would refuse what the policy allows


def test_a_browser_guesses_no_types_and_tells_no_one_the_address() -> None:
    headers = security_headers(())
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
