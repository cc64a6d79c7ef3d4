"""An SVG of figures against their targets, for light and dark pages.

Each row with a target is a bar from the line at 1, the target itself: to the
right when it is met, to the left when it is not, on a logarithmic scale.
"""

import html
import math

from harness.rows import show, show_met, show_target

WIDTH = 1000
TOP = 76
STEP = 28
LEFT = 430  # where bars may begin
RIGHT = 730  # and end; three columns follow
COLUMNS = (825, 920, WIDTH - 16)
SPAN = 3  # powers of two on each side of the target

STYLE = """
  .page { fill: #ffffff } .text { fill: #1f2328 } .dim { fill: #59636e }
  .line { stroke: #d1d9e0 } .one { stroke: #1f2328 }
  .met { fill: #1a7f5a } .not { fill: #bc4c00 }
  text { font: 13px system-ui, 'DejaVu Sans', sans-serif }
  .title { font-size: 17px; font-weight: 600 } .small { font-size: 11px }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .text { fill: #f0f6fc } .dim { fill: #9198a1 }
    .line { stroke: #3d444d } .one { stroke: #f0f6fc }
    .met { fill: #3fb27f } .not { fill: #f0883e }
  }
"""


def score(r):
    """How many times better than its target: 1 is just met."""
    target = r["target"]
    value, limit = r[target["of"]]["median"], target["value"]
    if value <= 0 or limit <= 0:
        return 2.0**SPAN if r["met"] else 2.0**-SPAN
    return value / limit if target["op"] == ">=" else limit / value


def place(value):
    """The x of a score."""
    power = max(-SPAN, min(SPAN, math.log2(value)))
    return LEFT + (power + SPAN) / (2 * SPAN) * (RIGHT - LEFT)


def text(x, y, content, style="text", anchor="start"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" class="{style}" '
            f'text-anchor="{anchor}">{html.escape(content)}</text>')


def label(r):
    against = r["target"]["of"] == "ratio" and r["peer"]
    return f"{r['what']} ÷ {r['peer']}" if against else r["what"]


def cut(content, most=70):
    return content if len(content) <= most else content[: most - 1] + "…"


def bar(r, y):
    value = score(r)
    one, end = place(1), place(value)
    style = "met" if r["met"] else "not"
    shown = show(r[r["target"]["of"]]["median"])
    unit = "×" if r["target"]["of"] == "ratio" else r["unit"]
    if len(unit) <= 5:
        shown += f" {unit}"
    figures = (shown, show_target(r), show_met(r))
    return [
        text(LEFT - 12, y + 4, cut(label(r)), "text small", "end"),
        f'<rect x="{min(one, end):.1f}" y="{y - 8}" rx="2" '
        f'width="{max(abs(end - one), 1.5):.1f}" height="16" class="{style}"/>',
        *(text(x, y + 4, figure, "text small" if x == COLUMNS[0] else
               "dim small", "end") for x, figure in zip(COLUMNS, figures)),
    ]


def grid(bottom):
    lines = []
    for power in range(-SPAN, SPAN + 1):
        x = place(2.0**power)
        name = "target" if power == 0 else show(2.0**power) + "×"
        style = "one" if power == 0 else "line"
        lines.append(f'<line x1="{x:.1f}" y1="{TOP - 16}" x2="{x:.1f}" '
                     f'y2="{bottom}" class="{style}"/>')
        lines.append(text(x, TOP - 22, name, "dim small", "middle"))
    return lines


def svg(title, rows, foot):
    rows = [r for r in rows if r["target"] and not r["missing"] and
            r[r["target"]["of"]]]
    bottom = TOP + STEP * len(rows)
    height = bottom + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
        f'height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{html.escape(title)}</title><style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" class="page"/>',
        text(16, 30, title, "text title"),
        text(COLUMNS[0], TOP - 22, "measured", "dim small", "end"),
        text(COLUMNS[1], TOP - 22, "target", "dim small", "end"),
        *grid(bottom),
    ]
    for i, r in enumerate(rows):
        parts += bar(r, TOP + STEP * i + STEP // 2)
    parts.append(text(16, height - 12, foot, "dim small"))
    return "\n".join([*parts, "</svg>", ""])
