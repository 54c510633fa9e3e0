"""Headers of every response: what browsers are told to keep a page of strangers from doing."""

from typing import Final

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "media-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy of pages: nothing inline, nothing from elsewhere, and no other site frames them."""

HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""What every response has, unless its view says something stricter."""

HSTS: Final = "max-age=31536000"
"""Strict-Transport-Security: who came by https once comes by https for a year."""

PRIVATE: Final = "no-store"
"""Cache-Control of pages: they are about people's work, and the next one at the machine must not find them."""

VERSIONED: Final = "public, max-age=31536000, immutable"
"""Cache-Control of static files whose address has the version."""

UNVERSIONED: Final = "no-cache"
"""Cache-Control of other static files: kept, and asked about."""
