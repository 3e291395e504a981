#!/usr/bin/env python3
"""Draws what `hindsight bench --lengths … --json FILE` found: plot.py FILE > cost.svg.

Seconds against context length, with the part that grows with the number of tokens (fitted: the
measured time is a·T + b·T²) as a dashed line. Also prints the fit and a table to standard error.
"""

import json
import re
import statistics
import sys

WIDTH, HEIGHT, MARGIN = 720, 300, 60
KINDS = (("prefill", r"prefill of (\d+)"), ("LoRA training step", r"LoRA step of 1 × (\d+)"))


def fitted(points):
    """a and b of the least squares a·T + b·T² in relative error; b is at least 0."""
    weighted = [(1 / s, t / s, t * t / s) for t, s in points]
    xx = sum(x * x for _, x, _ in weighted)
    xy = sum(x * y for _, x, y in weighted)
    yy = sum(y * y for _, _, y in weighted)
    x1 = sum(x for _, x, _ in weighted)
    y1 = sum(y for _, _, y in weighted)
    determinant = xx * yy - xy * xy
    b = (xx * y1 - xy * x1) / determinant if determinant else 0
    b = max(0, b)
    return (x1 - b * xy) / xx, b


def panel(name, points, top):
    a, b = fitted(points)
    longest, slowest = points[-1][0], max(s for _, s in points) * 1.05

    def place(tokens, seconds):
        return (MARGIN + tokens / longest * (WIDTH - 2 * MARGIN),
                top + HEIGHT - MARGIN - seconds / slowest * (HEIGHT - 2 * MARGIN))

    def line(function, style):
        places = (place(t, function(t)) for t in range(0, longest + 1, max(1, longest // 64)))
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        return f'<polyline fill="none" {style} points="{path}"/>'

    left, bottom = place(0, 0)
    right, upper = place(longest, slowest)
    parts = [
        f'<text x="{MARGIN}" y="{top + 30}" font-weight="bold">{name}: '
        f'{1e6 * a:.0f} µs a token, and attention {1e9 * b:.1f} ns a token and token of context'
        '</text>',
        f'<path fill="none" stroke="#888" d="M{left},{upper}V{bottom}H{right}"/>',
        line(lambda t: a * t, 'stroke="#888" stroke-dasharray="5 4"'),
        line(lambda t: a * t + b * t * t, 'stroke="#2060c0"')]
    for tokens, seconds in points:
        x, y = place(tokens, seconds)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="#2060c0"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tokens}</text>')
        parts.append(f'<text x="{x - 6:.1f}" y="{y - 7:.1f}" text-anchor="end">{seconds:.2f} s</text>')
        print(f"{name}\t{tokens}\t{seconds:.3f} s\t{1e6 * seconds / tokens:.0f} µs a token"
              f"\tfit {a * tokens + b * tokens * tokens:.3f} s", file=sys.stderr)
    return parts


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        found = json.load(file)
    parts = []
    for name, pattern in KINDS:
        points = []
        for result in found["results"]:
            match = re.fullmatch(pattern, result["work"])
            if match:
                points.append((int(match[1]), statistics.median(result["seconds"])))
        if len(points) < 2:
            sys.exit(f"plot: {sys.argv[1]} has no two lengths; give `hindsight bench` --lengths")
        parts += panel(name, sorted(points), len(parts) and HEIGHT)
    note = f'{found["model"]}, {found["precision"]}; {found["processor"]}, ' \
        f'{found["processors"]} processors, {found["date"]}'
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{2 * HEIGHT + 20}" '
          'font-family="sans-serif" font-size="11">')
    print(f'<rect width="{WIDTH}" height="{2 * HEIGHT + 20}" fill="white"/>')
    print("\n".join(parts))
    print(f'<text x="{MARGIN}" y="{2 * HEIGHT + 8}" fill="#666">{note}</text>\n</svg>')


if __name__ == "__main__":
    main()
