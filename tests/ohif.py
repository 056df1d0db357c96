"""OHIF as a person uses it: a study opened, a series double-clicked, what is then on the screen."""

import io
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.browser import Browser

Picture = NDArray[np.int16]
"""``[y, x, RGB]`` of a window or of the part of it that shows images."""

WIDTH, HEIGHT = 1600, 900
_LOADED_WITHIN_S = 60.0
_SETTLED_WITHIN_S = 30.0
_ITEM = """(text => {
  const found = [...document.querySelectorAll('*')]
    .filter(one => one.children.length === 0 && one.textContent.includes(text)
            && one.getBoundingClientRect().width > 0 && one.getBoundingClientRect().right < 300);
  if (!found.length) return null;
  found[0].scrollIntoView({block: 'center'});
  const box = found[0].getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
})(%r)"""
_BUTTON = """(text => {
  const found = [...document.querySelectorAll('button')].filter(one => one.textContent === text);
  if (!found.length) return null;
  const box = found[0].getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
})(%r)"""
_CANVAS = """(() => {
  const box = document.querySelector('canvas.cornerstone-canvas').getBoundingClientRect();
  return [box.left, box.top, box.right, box.bottom].map(Math.round);
})()"""
_VIEWPORT = "cornerstone.getRenderingEngines().flatMap(one => one.getViewports())[0]"
KNOWN_TALK = ("dataSource=",)
"""What the viewer itself warns of, whatever it shows."""


@dataclass(slots=True)
class Ohif:
    """The viewer at an address, in a browser."""

    browser: Browser
    address: str

    def open(self, study_instance_uid: str, series: Iterable[str]) -> None:
        """Open a study and wait until its images and all its series, by a part of their description, are there."""
        self.browser.open(f"{self.address}viewer?StudyInstanceUIDs={study_instance_uid}", width=WIDTH, height=HEIGHT)
        self.browser.wait_until("document.querySelector('canvas.cornerstone-canvas') !== null", _LOADED_WITHIN_S)
        for part in series:
            self.browser.wait_until(f"{_ITEM % part} !== null", _LOADED_WITHIN_S)
        self.settled()

    def double_click(self, part: str) -> None:
        """Double-click the series with this part in its description."""
        self.browser.click(*self.browser.evaluate(_ITEM % part), times=2)

    def press(self, label: str) -> None:
        """Press a button as soon as it is there."""
        self.browser.wait_until(f"{_BUTTON % label} !== null", _LOADED_WITHIN_S)
        self.browser.click(*self.browser.evaluate(_BUTTON % label))

    def text(self) -> str:
        """Return all text of the page."""
        return str(self.browser.evaluate("document.body.innerText"))

    def settled(self) -> Picture:
        """Return the window when it no longer changes."""
        deadline, before = time.monotonic() + _SETTLED_WITHIN_S, self.window()
        while True:
            time.sleep(0.7)
            now = self.window()
            if np.array_equal(now, before):
                return now
            assert time.monotonic() < deadline, "the viewer never comes to rest"
            before = now

    def window(self) -> Picture:
        """Return the window as it is now."""
        return np.asarray(Image.open(io.BytesIO(self.browser.screenshot())).convert("RGB")).astype(np.int16)

    def canvas_of(self, window: Picture) -> Picture:
        """Return the part of a window that shows images."""
        left, top, right, bottom = self.browser.evaluate(_CANVAS)
        return window[top:bottom, left:right]

    def turn_to(self, number: int) -> None:
        """Show the image of that number, zero-based, as the viewer counts them."""
        self.browser.evaluate(f"{_VIEWPORT}.setImageIdIndex({number}).then(() => true)")

    def shown_instance(self) -> str:
        """Return the SOP Instance UID of the image on the screen."""
        image_id = str(self.browser.evaluate(f"{_VIEWPORT}.getCurrentImageId()"))
        return image_id.partition("/instances/")[2].partition("/")[0]

    def complaints(self) -> list[str]:
        """Return what the browser said in its console, without what the viewer always says."""
        return [said for said in self.browser.complaints if not any(known in said for known in KNOWN_TALK)]


def on_canvas(points: NDArray[np.float64], image: tuple[int, int], canvas: tuple[int, int]) -> NDArray[np.float64]:
    """Return where image points ``(column, row)`` lie on a canvas ``(x, y)``; both count from the corner.

    ``image`` is (rows, columns), ``canvas`` (height, width): a whole image of square pixels, as large as fits, centred.
    It knows nothing of the viewer, which has to agree.
    """
    scale = min(canvas[0] / image[0], canvas[1] / image[1])
    centre = np.array((canvas[1], canvas[0])) / 2
    placed: NDArray[np.float64] = centre + (points - np.array((image[1], image[0])) / 2) * scale
    return placed


def image_on_canvas(image: NDArray[np.uint8], canvas: tuple[int, int]) -> NDArray[np.uint8]:
    """Return an image on an otherwise black canvas of (height, width), as ``on_canvas`` places it."""
    rows, columns = image.shape[:2]
    scale = min(canvas[0] / rows, canvas[1] / columns)
    size = (round(columns * scale), round(rows * scale))
    placed = Image.new("RGB" if image.ndim == 3 else "L", (canvas[1], canvas[0]))
    resized = Image.fromarray(image).resize(size, Image.Resampling.NEAREST)
    placed.paste(resized, ((canvas[1] - size[0]) // 2, (canvas[0] - size[1]) // 2))
    return np.asarray(placed)
