"""`Picture`: lines, dots and labels, and how they become `svg` or `png`.

Why shapes of our own: one list of them serves both formats, SVG then needs no library at all, and PNG only
Pillow, which any plotting library would bring along beside itself.
"""

import math
from dataclasses import dataclass
from html import escape
from typing import Literal, TypeAlias

from .ascii import to_ascii
from .names import elided

_SCALE = 2
"""Pixels of a PNG for each pixel of the layout; it is drawn twice as large and reduced, for smooth edges."""

Side: TypeAlias = Literal["left", "middle", "right"]


@dataclass(frozen=True, slots=True)
class Line:
    """From one point to another; y grows downwards."""

    x1: float
    y1: float
    x2: float
    y2: float
    colour: str
    width: float = 1


@dataclass(frozen=True, slots=True)
class Dot:
    """A filled circle; hollow ones have a rim."""

    x: float
    y: float
    colour: str
    is_hollow: bool = False
    radius: float = 5


@dataclass(frozen=True, slots=True)
class Label:
    """Text of one line, centred on `y`; `x` is its end at `side`."""

    x: float
    y: float
    text: str
    side: Side
    colour: str
    size: float = 13
    room: float = math.inf
    """The most pixels that it may take; a PNG cuts what is longer, an SVG knows no widths."""


Shape: TypeAlias = Line | Dot | Label


@dataclass(frozen=True, slots=True)
class Picture:
    """Shapes on white, later ones on top; sizes in pixels."""

    width: int
    height: int
    shapes: tuple[Shape, ...]


def svg(drawn: Picture) -> str:
    """A picture as an SVG document."""
    size = f'width="{drawn.width}" height="{drawn.height}" viewBox="0 0 {drawn.width} {drawn.height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="ui-monospace, Menlo, Consolas, '
            'DejaVu Sans Mono, monospace">',
            '<rect width="100%" height="100%" fill="white"/>',
            *map(_element, drawn.shapes),
            "</svg>\n",
        ]
    )


def png(drawn: Picture) -> bytes:
    """A picture as a PNG of twice its size.

    The font that comes with Pillow knows ASCII, so other letters of names are drawn as their nearest.

    Raises:
        ImportError: Pillow is not installed.
    """
    from io import BytesIO

    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise ImportError(
            "a PNG needs Pillow: pip install 'selfplay-arena[plot]', or name the file .svg"
        ) from error
    zoom = 2 * _SCALE
    image = Image.new("RGB", (drawn.width * zoom, drawn.height * zoom), "white")
    pen = ImageDraw.Draw(image)
    for shape in drawn.shapes:
        if isinstance(shape, Line):
            ends = [zoom * place for place in (shape.x1, shape.y1, shape.x2, shape.y2)]
            pen.line(ends, shape.colour, round(zoom * shape.width))
        elif isinstance(shape, Dot):
            fill = "white" if shape.is_hollow else shape.colour
            pen.circle((zoom * shape.x, zoom * shape.y), zoom * shape.radius, fill, shape.colour, 2 * zoom)
        else:
            font = ImageFont.load_default(zoom * shape.size)
            at = {"left": "lm", "middle": "mm", "right": "rm"}[shape.side]
            text, room = _known(shape.text), zoom * shape.room
            if font.getlength(text) > room:
                text = elided(text, int(len(text) * room / font.getlength(text)))
            pen.text((zoom * shape.x, zoom * shape.y), text, shape.colour, font, at)
    file = BytesIO()
    image.reduce(2).save(file, "PNG", optimize=True)
    return file.getvalue()


def _known(text: str) -> str:
    """`text` in letters that Pillow's own font has."""
    return "".join(char if char in "±·…" else to_ascii(char) for char in text)


def _element(shape: Shape) -> str:
    if isinstance(shape, Line):
        ends = f'x1="{shape.x1:.1f}" y1="{shape.y1:.1f}" x2="{shape.x2:.1f}" y2="{shape.y2:.1f}"'
        return f'<line {ends} stroke="{shape.colour}" stroke-width="{shape.width:g}"/>'
    if isinstance(shape, Dot):
        fill = "white" if shape.is_hollow else shape.colour
        rim = f'stroke="{shape.colour}" stroke-width="2"'
        return f'<circle cx="{shape.x:.1f}" cy="{shape.y:.1f}" r="{shape.radius:g}" fill="{fill}" {rim}/>'
    at = {"left": "start", "middle": "middle", "right": "end"}[shape.side]
    place = f'x="{shape.x:.1f}" y="{shape.y:.1f}" dominant-baseline="central" text-anchor="{at}"'
    text = escape(shape.text.replace("\ufffe", "�").replace("\uffff", "�"))  # XML has no such characters
    return f'<text {place} font-size="{shape.size:g}" fill="{shape.colour}">{text}</text>'
