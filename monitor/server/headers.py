"""The headers of every reply: what a browser must not do with it."""

from collections.abc import Mapping, Sequence

_POLICY = (
    "default-src 'self'; base-uri 'self'; form-action 'self'; object-src 'none'; img-src 'self' data: blob:;"
    " frame-ancestors 'self'"
)


def security_headers(frame_ancestors: Sequence[str]) -> Mapping[str, str]:
    """Return the headers; `frame_ancestors` are origins whose pages may show ours in a frame."""
    headers = {
        "Content-Security-Policy": " ".join([_POLICY, *frame_ancestors]),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if not frame_ancestors:
        headers["X-Frame-Options"] = "SAMEORIGIN"  # it knows no list
    return headers
