"""Text of strangers, with what would be invisible or reorder its surroundings shown as marks.

What stays as it is: all letters, signs and spaces of ordinary writing, in either direction; line ends and tabs; joiners
within scripts that need them and within emoji; one variation selector after a character; the flags that are spelled
with tags.  Everything else that cannot be seen becomes a mark that names it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from markupsafe import Markup, escape

MARKS_MAX: Final = 500
"""Marks with a name in one text; the others are plain, so that a hostile text does not become a page of megabytes."""

COMBINED_MAX: Final = 4
"""Marks on one letter that are drawn; languages need up to three, and a pile of them covers the lines around."""


def visible(text: object) -> Markup:
    """Return *text* as HTML that stands by itself within a line: isolated from the direction of what is around it."""
    return Markup("<bdi>{}</bdi>").format(marked(text))


def marked(text: object) -> Markup:
    """Return *text* as HTML, for an element that has ``dir="auto"`` itself."""
    marks = 0
    html: list[Markup] = []
    for part, hidden in _parts(str(text)):
        marks += hidden
        html.append(_mark(part, marks) if hidden else escape(part))
    return Markup("").join(html)


def plain(text: object) -> str:
    """Return *text* for a place that holds no HTML, such as a title or an attribute: marks are ``[U+202E]``.

    What has a direction is isolated by U+2068 and U+2069, the only such characters that are left.  It is not escaped.
    """
    shown = bare(text)
    return f"\u2068{shown}\u2069" if _RIGHT_TO_LEFT.search(shown) else shown


def bare(text: object) -> str:
    """Return *text* as `plain` does, and not isolated: for a whole document of many texts, such as a drawing."""
    return "".join(f"[{_codes(part)}]" if hidden else part for part, hidden in _parts(str(text)))


def shortened(text: object, most: int = 200) -> str:
    """Return the beginning of *text* as one line of at most *most* characters."""
    beginning = str(text)[: most * 4]
    line = " ".join(beginning.split())
    whole = len(line) <= most and len(beginning) == len(str(text))
    return line if whole else line[: most - 1] + "…"


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of *text*, and whether each is hidden."""
    text = text.replace("\r\n", "\n")
    end = 0
    for found in _HIDDEN.finditer(text):
        if found.lastgroup != "kept":
            yield text[end : found.start()], False
            yield found[0], True
            end = found.end()
    yield text[end:], False


def _mark(hidden: str, number: int) -> Markup:
    if number > MARKS_MAX:
        return Markup("[{}]").format(_codes(hidden))
    return Markup('<span class="mark" title="{}">{}</span>').format(_title(hidden), _codes(hidden))


_NAMED_MAX: Final = 3  # of a run of hidden characters


def _codes(hidden: str) -> str:
    if _PILE.match(hidden):
        return f"+{len(hidden)}"
    codes = " ".join(f"U+{ord(letter):04X}" for letter in hidden[:_NAMED_MAX])
    return codes if len(hidden) <= _NAMED_MAX else f"{codes} +{len(hidden) - _NAMED_MAX}"


def _title(hidden: str) -> str:
    if _PILE.match(hidden):
        return f"{len(hidden)} more marks on this letter"
    names = ", ".join(_name(letter) for letter in hidden[:_NAMED_MAX])
    return names if len(hidden) <= _NAMED_MAX else f"{names} and {len(hidden) - _NAMED_MAX} more"


_CONTROLS: Final = {"\0": "NULL", "\b": "BACKSPACE", "\r": "CARRIAGE RETURN", "\x1b": "ESCAPE", "\x7f": "DELETE"}


def _name(letter: str) -> str:
    fallback = {"Cs": "HALF OF A SURROGATE PAIR", "Cn": "NO CHARACTER"}.get(unicodedata.category(letter), "CONTROL")
    return unicodedata.name(letter, _CONTROLS.get(letter, fallback))


def _class(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


INVISIBLE: Final = (
    *((0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F)),  # controls but tab and line feed
    *((0xAD, 0xAD), (0x034F, 0x034F), (0x061C, 0x061C)),  # soft hyphen, grapheme joiner, Arabic letter mark
    *((0x115F, 0x1160), (0x3164, 0x3164), (0xFFA0, 0xFFA0), (0x2800, 0x2800)),  # fillers and blanks
    *((0x17B4, 0x17B5), (0x180B, 0x180F)),  # Khmer and Mongolian signs without a shape
    *((0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F)),  # zero width, separators, directions
    *((0xD800, 0xDFFF), (0xFDD0, 0xFDEF), (0xFEFF, 0xFEFF), (0xFFF0, 0xFFFB), (0xFFFE, 0xFFFF)),
    *((0x13430, 0x1343F), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A)),  # controls of hieroglyphs, shorthand, music
    *((plane + 0xFFFE, plane + 0xFFFF) for plane in range(0x10000, 0x110000, 0x10000)),  # no characters
    (0xE0000, 0xE00FF),  # tags
)
"""Ranges of characters that cannot be seen, or steer what can be.

Not among them are the Arabic, Syriac and Kaithi signs that Unicode counts as formatting and that have a shape.
"""

_SELECTORS: Final = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
_PILED: Final = ((0x0300, 0x034E), (0x0350, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF))
_JOINED: Final = (  # scripts whose letters need joiners: Arabic to Mandaic, those of India, Khmer, Mongolian
    *((0x0620, 0x06FF), (0x0700, 0x085F), (0x0870, 0x08FF), (0x0900, 0x0DFF), (0x0F00, 0x109F), (0x1780, 0x18AA)),
    *((0xFB50, 0xFDCF), (0xFE70, 0xFEFC)),
)
_EMOJI: Final = (  # what may stand beside a joiner in an emoji: pictures, signs, skin tones, the selector for colour
    *((0x2190, 0x21FF), (0x2300, 0x23FF), (0x2600, 0x27BF), (0x2B00, 0x2BFF), (0xFE0F, 0xFE0F), (0x1F000, 0x1FAFF)),
)
_FLAGS: Final = "|".join(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)

_PILE: Final = re.compile(f"[{_class(_PILED)}]")
_HIDDEN: Final = re.compile(
    f"(?P<kept>{_FLAGS}"
    f"|(?<=[{_class(_JOINED)}])[\u200c\u200d](?=[{_class(_JOINED)}])"
    f"|(?<=[{_class(_EMOJI)}])\u200d(?=[{_class(_EMOJI)}]))"
    f"|[{_class(INVISIBLE)}]+"
    f"|(?<=[{_class(_SELECTORS)}])[{_class(_SELECTORS)}]+"
    f"|(?<=[{_class(_PILED)}]{{{COMBINED_MAX}}})[{_class(_PILED)}]+"
)
_RIGHT_TO_LEFT: Final = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
