"""Text on pictures.

Pillow carries a font of about a hundred characters. Texts with others are drawn in a font of the machine, where it has
one.
"""

import unicodedata
from contextlib import suppress
from functools import cache

from PIL import ImageDraw, ImageFont

ELLIPSIS = "…"
WIDER = (  # fonts with more characters, as systems name their files
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Arial.ttf", "NotoSansCJK-Regular.ttc",
    "NotoSansArabic-Regular.ttf", "NotoSansDevanagari-Regular.ttf", "Arial Unicode.ttf",
)  # fmt: skip
PROBE = 16  # pixels, size at which characters are looked for
NO_CHARACTER = "\uffff"  # drawn as what a font shows for a character that it lacks
SYMBOLS = str.maketrans({"\u00d7": "x", "\u2212": "-", "\u2013": "-", "\u2014": "-"})  # times, minus, dashes
LETTERS = {"ß": "ss", "æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}  # that have no base letter


def clean(text: str) -> str:
    """The same text on one line, in characters that a font here can draw.

    Control characters become spaces; letters of no font lose their accents; what is left over is drawn as a box.

    Example:
        >>> clean("a\\tb\\ud800")
        'a b\\\\ud800'
    """
    whole = text.encode("utf-8", "backslashreplace").decode().translate(SYMBOLS)
    line = " ".join("".join(each if each.isprintable() else " " for each in whole).split())
    return "".join(each if any(_has(name, each) for name in _fonts()) else _plainer(each) for each in line)


def font(text: str, size: int) -> ImageFont.FreeTypeFont:
    """The font for a text: that of Pillow, or the one of the machine that has more of its characters.

    Args:
        text: Of `clean`.
        size: In pixels.
    """
    return _font(max(_fonts(), key=lambda name: sum(_has(name, each) for each in text)), size)


@cache
def _fonts() -> tuple[str, ...]:
    """Pillow's font, "", and the wider ones that this machine has."""
    found = [""]
    for name in WIDER:
        with suppress(OSError):
            _font(name, PROBE)
            found.append(name)
    return tuple(found)


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    found = ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
    if not isinstance(found, ImageFont.FreeTypeFont):
        raise ValueError("Pillow was built without FreeType, so it cannot draw text. Install a wheel of pillow.")
    return found


@cache
def _has(name: str, character: str) -> bool:
    return character == " " or _drawn(name, character) != _drawn(name, NO_CHARACTER)


def _drawn(name: str, character: str) -> tuple[tuple[int, int], bytes]:
    mask = _font(name, PROBE).getmask(character)
    return mask.size, bytes(mask)


def _plainer(character: str) -> str:
    """A character without its accents, or what is usually written for it."""
    plain = LETTERS.get(character) or unicodedata.normalize("NFKD", character)
    return "".join(each for each in plain if not unicodedata.combining(each)) or character


def line_height(size: int) -> int:
    """In pixels, from one line to the next."""
    return round(size * 1.35)


def text_width(text: str, size: int) -> int:
    """In pixels."""
    return int(font(text, size).getlength(text) + 0.999)


def shortened(text: str, size: int, width: int) -> str:
    """The text with its end replaced by an ellipsis, if it is wider than `width` pixels.

    Example:
        >>> shortened("a very long class name", 12, 60).endswith("…")
        True
    """
    if text_width(text, size) <= width:
        return text
    fits, fails = 0, len(text)  # characters
    while fails - fits > 1:
        middle = (fits + fails) // 2
        if text_width(text[:middle].rstrip() + ELLIPSIS, size) <= width:
            fits = middle
        else:
            fails = middle
    return text[:fits].rstrip() + ELLIPSIS


def wrapped(text: str, size: int, width: int, most: int = 3) -> list[str]:
    """The text in lines of at most `width` pixels; the last one ends in an ellipsis if there would be more.

    Args:
        text: Any text.
        size: Of the font, in pixels.
        width: In pixels.
        most: Lines.

    Example:
        >>> wrapped("sneaker or ankle boot", 12, 90)
        ['sneaker or', 'ankle boot']
    """
    words = clean(text).split()
    lines: list[str] = []
    while words and len(lines) < most - 1:
        count = 1
        while count < len(words) and text_width(" ".join(words[: count + 1]), size) <= width:
            count += 1
        if text_width(words[0], size) > width:
            break
        lines.append(" ".join(words[:count]))
        words = words[count:]
    return [*lines, shortened(" ".join(words), size, width)] if words else lines


def write_lines(
    draw: ImageDraw.ImageDraw, place: tuple[int, int], lines: list[str], size: int, color: str | tuple[int, int, int]
) -> int:
    """Draw lines below each other; gives the first free y below them.

    Args:
        draw: Where.
        place: Left and top of the first line.
        lines: Of `wrapped`.
        size: Of the font, in pixels.
        color: Of the text.
    """
    left, top = place
    for each in lines:
        draw.text((left, top), each, fill=color, font=font(each, size))
        top += line_height(size)
    return top
