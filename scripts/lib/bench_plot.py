"""Plots as SVG: lines over two logarithmic axes, panels side by side, to be read on light and on dark pages."""

import math
from html import escape

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 330, 300, 62, 44, 48, 14
# Hues that hold against white and against black, each with a mark of its own, so that nobody needs to tell colours.
COLOURS = ["#2f7ed8", "#d9822b", "#2e9e5b", "#c0508c", "#8a63d2", "#8a8d21"]
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .grid { stroke: #24292f; stroke-opacity: .15 }
  .axis { stroke: #24292f; fill: none }
  .title { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .grid, .axis { stroke: #e6edf3 }
  }
"""


def mark(shape, x, y, colour):
    if shape % 3 == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
    if shape % 3 == 1:
        return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{colour}"/>'
    return f'<path d="M{x:.1f},{y - 5:.1f}l5,9h-10z" fill="{colour}"/>'


def number(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:.{max(0, -math.floor(math.log10(value)))}f}"


class Axis:
    """Maps values to places; from one power of ten below the least to one above the greatest."""

    def __init__(self, values, start, end):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(self.low + 1, math.ceil(math.log10(max(values)) - 1e-9))
        self.start, self.end = start, end

    def place(self, value):
        return self.start + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self):
        return [10.0**power for power in range(self.low, self.high + 1)]


def panel(left, title, x_label, lines, names):
    """lines: name -> [(x, y)], all above zero."""
    points = [point for line in lines.values() for point in line]
    across = Axis([x for x, _ in points], left + LEFT, left + WIDTH - RIGHT)
    up = Axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [f'<text class="title" x="{left + LEFT}" y="{TOP - 14}">{escape(title)}</text>']
    for value in up.ticks():
        y = up.place(value)
        parts += [f'<line class="grid" x1="{across.start}" x2="{across.end}" y1="{y:.1f}" y2="{y:.1f}"/>',
                  f'<text x="{left + LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{number(value)}</text>']
    for value in across.ticks():
        x = across.place(value)
        parts += [f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{up.start}" y2="{up.end}"/>',
                  f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{number(value)}</text>']
    parts += [f'<path class="axis" d="M{across.start},{up.end}V{up.start}H{across.end}"/>',
              f'<text x="{(across.start + across.end) / 2:.0f}" y="{HEIGHT - 10}" text-anchor="middle">'
              f'{escape(x_label)}</text>']
    for name, line in lines.items():
        shape = names.index(name)
        colour = COLOURS[shape % len(COLOURS)]
        placed = [(across.place(x), up.place(y)) for x, y in sorted(line)]
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
                     + " ".join(f"{x:.1f},{y:.1f}" for x, y in placed) + '"/>')
        parts += [mark(shape, x, y, colour) for x, y in placed]
    return parts


def svg(description, x_label, panels):
    """panels: title -> name of a line -> [(x, y)]. Points that a logarithm does not know are left out."""
    panels = {title: {name: [point for point in line if min(point) > 0] for name, line in lines.items()}
              for title, lines in panels.items()}
    panels = {title: {name: line for name, line in lines.items() if line} for title, lines in panels.items()}
    panels = {title: lines for title, lines in panels.items() if lines}
    names = list(dict.fromkeys(name for lines in panels.values() for name in lines))
    parts, width, height = [], WIDTH * len(panels), HEIGHT + 26
    for index, (title, lines) in enumerate(panels.items()):
        parts += panel(index * WIDTH, title, x_label, lines, names)
    step = (width - LEFT - RIGHT) / max(1, len(names))
    for index, name in enumerate(names):
        x = LEFT + index * step
        parts += [mark(index, x, HEIGHT + 8, COLOURS[index % len(COLOURS)]),
                  f'<text x="{x + 10:.0f}" y="{HEIGHT + 12}">{escape(name)}</text>']
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-label="{escape(description)}">\n<title>{escape(description)}</title>\n'
            f'<style>{STYLE}</style>\n{body}\n</svg>\n')
