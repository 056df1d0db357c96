"""The picture of a result: headline, the slices with what was measured and found on them, a line for each."""

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from aiqa_integration.dicom.energy import member_mask
from aiqa_integration.dicom.entries import Entry, entries_of, worst_of
from aiqa_integration.dicom.masks import Mask
from aiqa_integration.dicom.panel import Panel, Point, free_place, tag_anchors
from aiqa_integration.model.image import ImageStack
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.measurement import Region
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.wording import INTENDED_USE, counts_text, finding_names, headline, place_text

Colour = tuple[int, int, int]

WIDTH = 1280
MARGIN = 24
MOST_PICTURES = 6
MOST_ROWS = 24
HEADLINE_SIZE, TEXT_SIZE, SMALL_SIZE = 150, 30, 26
ROW_HEIGHT = 42
TABLE_COLUMNS = (84, 520, 730, 1056)
"""Where label, value, limits and verdict begin."""
TABLE_SIZES = (SMALL_SIZE, 22, 18)
"""Type sizes of a cell: the largest that fits."""
MOST_LINES, LINE_HEIGHT = 7, 28
"""Lines of an entry that has words where others have a value and limits, and their height."""

TINT_ALPHA = 110
"""Opacity of the colour over pixels that belong to a finding, of 255."""

BACKGROUND: Colour = (18, 20, 24)
WHITE: Colour = (255, 255, 255)
DIM: Colour = (190, 196, 204)
BLACK: Colour = (0, 0, 0)
SIMULATED: Colour = (150, 40, 150)

DARK: Mapping[Verdict, Colour] = {
    Verdict.PASS: (22, 110, 52),
    Verdict.TOLERANCE: (150, 88, 0),
    Verdict.ACTION: (168, 24, 24),
    Verdict.NOT_ASSESSED: (36, 78, 124),
    Verdict.NOT_MEASURED: (84, 88, 96),
}
BRIGHT: Mapping[Verdict, Colour] = {
    Verdict.PASS: (96, 226, 132),
    Verdict.TOLERANCE: (255, 190, 48),
    Verdict.ACTION: (255, 92, 92),
    Verdict.NOT_ASSESSED: (104, 196, 255),
    Verdict.NOT_MEASURED: (206, 210, 216),
}
"""Verdict colours, dark under white text and bright over images; the word always stands beside them."""

SPELLED = {"≥": ">=", "≤": "<=", "–": "-", "—": "-", "²": "2", "×": "x", "µ": "u"}
"""What Pillow's own font lacks."""


def draw_report(report: QaReport, stack: ImageStack | None) -> Image.Image:
    """Return an RGB picture of a report, legible as a thumbnail by its headline; without slices where there are none.

    It shows nothing that identifies a patient.
    """
    everything = entries_of(report)
    rows = worst_of(everything, MOST_ROWS)
    places = _telling_places(rows, stack)
    columns, size = _grid(len(places))
    pictures_height = -(-len(places) // columns) * (size + MARGIN)
    header = 270 + (60 if report.simulated else 0)
    left_out = len(everything) - len(rows)
    table_height = sum(_row_height(entry) for entry in rows) + (ROW_HEIGHT if left_out else 0)
    height = header + MARGIN + pictures_height + table_height + ROW_HEIGHT + MARGIN // 2
    canvas = Image.new("RGB", (WIDTH, height), BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    _draw_header(draw, report, header)
    left = (WIDTH - columns * size - (columns - 1) * MARGIN) // 2
    for number, place in enumerate(places):
        corner = (
            left + number % columns * (size + MARGIN),
            header + MARGIN + number // columns * (size + MARGIN),
        )
        if stack is not None:
            _draw_slice(canvas, rows, stack, place=place, corner=corner, size=size)
    _draw_table(draw, rows, left_out, top=header + MARGIN + pictures_height)
    _text(draw, (MARGIN, height - ROW_HEIGHT + 4), INTENDED_USE, SMALL_SIZE - 5, DIM)
    return canvas


def display_window(image: NDArray[np.float32]) -> tuple[float, float]:
    """Return the grey levels shown as black and white: percentiles 1 and 99.5 of the slice, never equal."""
    low, high = (float(value) for value in np.percentile(image, (1.0, 99.5)))
    return low, high if high > low else low + 1.0


def _telling_places(entries: Sequence[Entry], stack: ImageStack | None) -> list[int]:
    """Return the slices to show: those with the worst, or the middle one where nothing has a place."""
    if stack is None:
        return []
    worst: dict[int, int] = {}
    for entry in entries:
        for place in entry.places:
            worst[place] = max(worst.get(place, 0), entry.severity)
    within = [place for place in worst if 0 <= place < len(stack.slices)]
    chosen = sorted(within, key=lambda place: (-worst[place], place))[:MOST_PICTURES]
    return sorted(chosen) or [len(stack.slices) // 2]


def _grid(pictures: int) -> tuple[int, int]:
    """Return columns and edge length of the pictures."""
    columns = {0: 1, 1: 1, 2: 2, 4: 2}.get(pictures, 3)
    return columns, min((WIDTH - (columns + 1) * MARGIN) // columns, 700)


def _draw_header(draw: ImageDraw.ImageDraw, report: QaReport, height: int) -> None:
    draw.rectangle((0, 0, WIDTH, height), fill=DARK[report.verdict])
    _text(draw, (MARGIN, 10), headline(report), HEADLINE_SIZE, WHITE, bold=4)
    device = report.device
    named = (report.phantom or report.subject, device.manufacturer, device.model, device.station)
    what = " · ".join(part for part in named if part)
    parts = [report.refused.detail if report.refused else counts_text(report)]
    if report.findings:
        parts.append(f"remarks: {finding_names(report.findings)}")
    result = "; ".join(part for part in parts if part)
    _text(draw, (MARGIN, 178), _fitting(what, TEXT_SIZE + 4, WIDTH - 2 * MARGIN), TEXT_SIZE + 4, WHITE)
    _text(draw, (MARGIN, 222), _fitting(result, TEXT_SIZE, WIDTH - 2 * MARGIN), TEXT_SIZE, WHITE)
    if report.simulated:
        draw.rectangle((0, height - 60, WIDTH, height), fill=SIMULATED)
        _text(draw, (MARGIN, height - 52), "SIMULATED DATA: says nothing about a real device", TEXT_SIZE + 6, WHITE)


def _draw_slice(
    canvas: Image.Image,
    rows: Sequence[Entry],
    stack: ImageStack,
    *,
    place: int,
    corner: tuple[int, int],
    size: int,
) -> None:
    image = stack.voxels[place]
    low, high = display_window(image)
    grey = Image.fromarray((np.clip((image - low) / (high - low), 0.0, 1.0) * 255).astype(np.uint8))
    extent = np.array([image.shape[1] * stack.spacing_mm[2], image.shape[0] * stack.spacing_mm[1]])
    width, height = (max(round(float(v)), 1) for v in extent / extent.max() * size)
    left, top = corner[0] + (size - width) // 2, corner[1] + (size - height) // 2
    shown = grey.resize((width, height), Image.Resampling.BICUBIC).convert("RGB")
    for entry in rows:
        if entry.energy is not None:
            _tint(shown, member_mask(entry.energy, place, image.shape), BRIGHT[entry.look])
    canvas.paste(shown, (left, top))
    panel = Panel(place, left, top, (width / image.shape[1], height / image.shape[0]), image.shape)
    draw = ImageDraw.Draw(canvas)
    for entry in rows:
        for region in entry.regions_on(place):
            _draw_region(draw, panel, region, BRIGHT[entry.look])
    tags: list[Point] = []
    for entry in rows:
        anchors = tag_anchors(panel, entry)
        if anchors:
            tags.append(free_place(panel, anchors, tags))
            _draw_tag(draw, tags[-1], entry)
    name = place_text(stack.slices[place], place)
    at = (corner[0] + 8, corner[1] + size - 38)
    draw.text(at, name, font=_font(SMALL_SIZE), fill=WHITE, stroke_width=2, stroke_fill=BLACK)


def _tint(shown: Image.Image, mask: Mask, colour: Colour) -> None:
    """Colour the pixels that belong to a finding, so that the image is still seen through it."""
    alpha = Image.fromarray((mask * TINT_ALPHA).astype(np.uint8)).resize(shown.size, Image.Resampling.NEAREST)
    shown.paste(Image.new("RGB", shown.size, colour), (0, 0), alpha)


def _draw_region(draw: ImageDraw.ImageDraw, panel: Panel, region: Region, colour: Colour) -> None:
    points = [panel.canvas_point(point) for point in region.points]
    for width, ink in ((7, BLACK), (3, colour)):
        if region.shape == "circle":
            (x, y), edge = points[0], region.points[1]
            reach = float(np.hypot(edge[0] - region.points[0][0], edge[1] - region.points[0][1]))
            across, down = reach * panel.scale[0], reach * panel.scale[1]
            grown = width / 2
            box = (x - across - grown, y - down - grown, x + across + grown, y + down + grown)
            draw.ellipse(box, outline=ink, width=width)
        else:
            closed = [*points, points[0]] if region.shape == "polygon" else points
            draw.line(closed, fill=ink, width=width, joint="curve")


def _draw_tag(draw: ImageDraw.ImageDraw, place: Point, entry: Entry) -> None:
    """Draw an entry's tag."""
    x, y = place
    draw.rounded_rectangle((x - 19, y - 17, x + 19, y + 17), radius=6, fill=BRIGHT[entry.look], outline=BLACK, width=2)
    draw.text((x, y), entry.tag, font=_font(SMALL_SIZE), fill=BLACK, anchor="mm")


def _draw_table(draw: ImageDraw.ImageDraw, rows: Sequence[Entry], left_out: int, *, top: int) -> None:
    for entry in rows:
        _draw_row(draw, entry, y=top)
        top += _row_height(entry)
    if left_out:
        words = f"and {left_out} more, none of them worse, in the report"
        _text(draw, (TABLE_COLUMNS[0], top), words, SMALL_SIZE, DIM)


def _row_height(entry: Entry) -> int:
    further = len(_value_lines(entry)) - 1 if entry.limits is None else 0
    return ROW_HEIGHT + max(further, 0) * LINE_HEIGHT


def _value_lines(entry: Entry) -> list[str]:
    """Return the words of an entry that has no limits, in lines that fit; what is left over is cut."""
    size, width = TABLE_SIZES[1], TABLE_COLUMNS[3] - TABLE_COLUMNS[1] - 14
    lines: list[str] = []
    for word in entry.value.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _font(size).getlength(_spelled(longer)) <= width:
            lines[-1] = longer
        elif len(lines) < MOST_LINES:
            lines.append(word)
        else:
            lines[-1] = longer
            break
    return [_fitting(line, size, width) for line in lines]


def _draw_row(draw: ImageDraw.ImageDraw, entry: Entry, *, y: int) -> None:
    label_at, value_at, limits_at, verdict_at = TABLE_COLUMNS
    colour = BRIGHT[entry.look]
    draw.rounded_rectangle((MARGIN, y, MARGIN + 44, y + 34), radius=6, fill=colour)
    draw.text((MARGIN + 22, y + 17), entry.tag, font=_font(SMALL_SIZE), fill=BLACK, anchor="mm")
    cells = [(label_at, value_at, entry.label, WHITE)]
    if entry.limits is None:
        for number, line in enumerate(_value_lines(entry)):
            _text(draw, (value_at, y + 3 + number * LINE_HEIGHT), line, TABLE_SIZES[1], DIM)
    else:
        cells += [(value_at, limits_at, entry.value, WHITE), (limits_at, verdict_at, entry.limits, DIM)]
    cells.append((verdict_at, WIDTH, entry.word, colour))
    for left, right, words, ink in cells:
        width = right - left - 14
        fits = (size for size in TABLE_SIZES if _font(size).getlength(_spelled(words)) <= width)
        size = next(fits, TABLE_SIZES[-1])
        _text(draw, (left, y + (SMALL_SIZE - size) // 2), _fitting(words, size, width), size, ink)


def _text(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, size: int, colour: Colour, *, bold: int = 0
) -> None:
    draw.text(corner, _spelled(text), font=_font(size), fill=colour, stroke_width=bold, stroke_fill=colour)


def _fitting(text: str, size: int, width: int) -> str:
    """Return the text, cut with an ellipsis where it is wider than ``width`` pixels."""
    spelled = _spelled(text)
    font = _font(size)
    if font.getlength(spelled) <= width:
        return spelled
    while spelled and font.getlength(spelled + "…") > width:
        spelled = spelled[:-1]
    return spelled.rstrip() + "…"


def _spelled(text: str) -> str:
    """Return the text in the characters that Pillow's own font has."""
    plain = "".join(SPELLED.get(char, char) for char in text)
    split = (char if char in "±°·…" else unicodedata.normalize("NFKD", char) for char in plain)
    return "".join(c if c.isascii() or c in "±°·…" else "" if unicodedata.combining(c) else "?" for c in "".join(split))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)
