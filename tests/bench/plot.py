# SPDX-License-Identifier: MIT
"""Bar charts of ratios as SVG, on a logarithmic scale: one group of bars for each program, one bar for each tool."""

import html
import math
import os

COLOURS = ["#1b6ca8", "#e07a1f", "#8d99ae", "#b23a48", "#5a8f69", "#6d597a"]
LEFT, TOP, HEIGHT, BAR, GAP = 50, 40, 240, 11, 16


def place(value, highest):
    """Height above the axis, which stands for 1x."""
    return HEIGHT * math.log(max(value, 1)) / math.log(highest)


def text(x, y, words, anchor="middle", size=11):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{html.escape(words)}</text>'


def chart(title, programs, ratios):
    """ratios: {tool: a ratio for each program, None where there is none}."""
    highest = 10 ** math.ceil(math.log10(max(10, *(value for values in ratios.values() for value in values if value))))
    group = BAR * len(ratios) + GAP
    width, axis = LEFT + group * len(programs) + GAP, TOP + HEIGHT
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{max(width, 560)}" height="{axis + 50}" font-family="sans-serif">',
             text(LEFT, 16, title + ": CPU time over native", "start", 13)]
    for power in range(int(math.log10(highest)) + 1):
        y = axis - place(10 ** power, highest)
        parts += [f'<line x1="{LEFT}" y1="{y:.1f}" x2="{width}" y2="{y:.1f}" stroke="#ddd"/>', text(LEFT - 6, y + 4, f"{10 ** power}x", "end")]
    for k, (tool, values) in enumerate(ratios.items()):
        parts += [f'<rect x="{LEFT + k * 85}" y="{axis + 32}" width="10" height="10" fill="{COLOURS[k % len(COLOURS)]}"/>',
                  text(LEFT + k * 85 + 14, axis + 41, tool, "start")]
        for i, value in enumerate(values):
            if value:
                height, x = place(value, highest), LEFT + GAP + i * group + k * BAR
                parts.append(f'<rect x="{x}" y="{axis - height:.1f}" width="{BAR - 1}" height="{height:.1f}" '
                             f'fill="{COLOURS[k % len(COLOURS)]}"><title>{html.escape(tool)} {value:.2f}x</title></rect>')
    parts += [text(LEFT + GAP + i * group + BAR * len(ratios) / 2, axis + 16, name) for i, name in enumerate(programs)]
    return "\n".join(parts + ["</svg>"]) + "\n"


def write(bench, title, programs, ratios):
    """Into the folder of plots, if this run writes its results."""
    if bench.plots and ratios:
        os.makedirs(bench.plots, exist_ok=True)
        name = title.split(",")[0].split(" as ")[0].replace(" ", "-") + ".svg"
        with open(os.path.join(bench.plots, name), "w", encoding="utf-8") as file:
            file.write(chart(title, programs, ratios))
