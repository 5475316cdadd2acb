"""Draws the app's icons from the mark: `python -m tools.icons`. The files are kept in the repository."""

from pathlib import Path

from PIL import Image, ImageDraw

IMAGES = Path(__file__).parents[1] / "entrypoints/web/static/img"
BITUMEN, PAPER, SUN, WHITE = "#191713", "#F6F4EF", "#F2A51A", "#FFFFFF"
# In units of a tile of 32: the uprights, the axle, the mirror. All of it lies in the middle four fifths, so that masks
# of any shape leave it whole.
LINES = (
    ((8.5, 7.5), (8.5, 24.5)),
    ((23.5, 7.5), (23.5, 24.5)),
    ((8.5, 16), (11.5, 16)),
    ((20.5, 16), (23.5, 16)),
)
STROKE, DISC, CENTRE = 2.8, 4.6, 1.7
FINE = 8


def tile(size: int, *, rounded: bool) -> Image.Image:
    """The tile in `size` pixels, with round corners on nothing, or filling the square for systems that cut it."""
    scale = size * FINE / 32
    image = Image.new("RGBA", (size * FINE, size * FINE))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, size * FINE - 1, size * FINE - 1), 7 * scale if rounded else 0, BITUMEN)

    def dot(x: float, y: float, radius: float, colour: str) -> None:
        box = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(tuple(scale * each for each in box), colour)

    for (x1, y1), (x2, y2) in LINES:
        draw.line([scale * each for each in (x1, y1, x2, y2)], PAPER, round(STROKE * scale))
        dot(x1, y1, STROKE / 2, PAPER)
        dot(x2, y2, STROKE / 2, PAPER)
    dot(16, 16, DISC, SUN)
    dot(16, 16, CENTRE, WHITE)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def svg() -> str:
    """The same as a drawing."""
    strokes = "".join(f"M{x1} {y1}L{x2} {y2}" for (x1, y1), (x2, y2) in LINES)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" '
        f'fill="{BITUMEN}"/><path d="{strokes}" fill="none" stroke="{PAPER}" stroke-width="{STROKE}" '
        f'stroke-linecap="round"/><circle cx="16" cy="16" r="{DISC}" fill="{SUN}"/>'
        f'<circle cx="16" cy="16" r="{CENTRE}" fill="{WHITE}"/></svg>\n'
    )


def main() -> None:
    """Write all of them."""
    (IMAGES / "app.svg").write_text(svg(), encoding="utf-8")
    for size in (192, 512):
        tile(size, rounded=True).quantize(64).save(IMAGES / f"app-{size}.png", optimize=True)
    tile(512, rounded=False).quantize(64).save(IMAGES / "app-maskable.png", optimize=True)


if __name__ == "__main__":
    main()
