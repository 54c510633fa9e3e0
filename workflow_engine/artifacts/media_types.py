"""Guessing a media type from a name."""

import mimetypes

UNKNOWN = "application/octet-stream"

# The table of the standard library alone: with the files of the system, two machines would answer differently.
_TABLE = mimetypes.MimeTypes(filenames=())
for _name, _type in ((".md", "text/markdown"), (".yaml", "application/yaml"), (".yml", "application/yaml")):
    _TABLE.add_type(_type, _name)  # newer Pythons know these


def guessed_media_type(name: str, *, text: bool = False) -> str:
    """Return the media type that *name* suggests; without a suggestion ``text/plain`` if *text*, else `UNKNOWN`."""
    media_type, encoding = _TABLE.guess_type(name)
    if encoding is not None:  # report.csv.gz is compressed, not CSV
        return "application/gzip" if encoding == "gzip" else UNKNOWN
    return media_type or ("text/plain" if text else UNKNOWN)
