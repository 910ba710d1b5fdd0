"""The decision boundary in exact arithmetic: floats are fractions, nothing is rounded.

Every unit cuts all regions of the square that the units before it have left. Slow.
"""

from fractions import Fraction

import numpy as np


def exact_boundary(weights, biases):
    """What extract_boundary must return, as (vertices, closed); None for NotACurve."""
    exact = np.vectorize(Fraction, otypes=[object])
    rows, regions = exact([(-1, -1), (1, -1), (1, 1), (-1, 1)]), [[0, 1, 2, 3]]
    h = rows
    for W, b in zip(weights, biases):
        rows = list(np.hstack([rows[:, :2], h @ exact(W) + exact(b)]))
        for column in range(2, len(rows[0])):
            regions = cut_exactly(rows, regions, column)
        rows = np.array(rows)
        h = np.maximum(rows[:, 2:], 0)
    corners, f = rows[:, :2], rows[:, 2]
    left = {}
    for region in regions:
        side = next((np.sign(f[v]) for v in region if f[v] != 0), 0)
        left |= dict.fromkeys(zip(region, region[1:] + region[:1]), side)
    if any(f[a] == f[b] == 0 <= s * left.get((b, a), s) for (a, b), s in left.items()):
        return None
    pieces = [(a, b) for (a, b), s in left.items() if s < 0 < left.get((b, a), s)]
    return [without_straight_angles(corners[path]) for path in joined(pieces, corners)]


def cut_exactly(rows, regions, column):
    """The regions' parts on which the values in the column do not change their sign."""
    crossings, parts = {}, []
    for region in regions:
        around = []
        for a, b in zip(region, region[1:] + region[:1]):
            around.append(a)
            p, q = rows[a][column], rows[b][column]
            if p * q < 0:
                if (b, a) not in crossings:
                    crossings[a, b] = len(rows)
                    rows.append(rows[a] + p / (p - q) * (rows[b] - rows[a]))
                around.append(crossings.get((a, b), crossings.get((b, a))))
        z = [rows[v][column] for v in around]
        negative = [v for v, value in zip(around, z) if value <= 0]
        positive = [v for v, value in zip(around, z) if value >= 0]
        halves = [negative] * (min(z) < 0) + [positive] * (max(z) > 0)
        parts += halves or [region]
    return parts


def joined(pieces, corners):
    """Paths of corner numbers; a piece leads on to the next one, or to the outside.

    The next one is the first that is met when the piece turns clockwise about its end.
    """
    z = corners.astype(float) @ [1, 1j]
    links = {}
    for a, b in pieces:
        back = z[a] - z[b]
        ways = [(z[d] - z[b], (b, d)) for c, d in pieces if c == b]
        if abs(corners[b]).max() == 1:
            ways.append((z[b], None))
        turns = [np.angle(back / way) % (2 * np.pi) for way, _ in ways]
        links[a, b] = ways[np.argmin(turns)][1]
    starts = [piece for piece in pieces if piece not in links.values()]
    while links:
        piece = starts.pop() if starts else next(iter(links))
        path = [piece[0]]
        while piece in links:
            path.append(piece[1])
            piece = links.pop(piece)
        yield path


def without_straight_angles(p):
    """The corners p as floats, less those on the line through their neighbours."""
    closed = bool((p[0] == p[-1]).all())
    p = p[:-1] if closed else p
    after = np.roll(p, -1, axis=0) - p
    before = np.roll(after, 1, axis=0)
    bent = before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]
    if not closed:
        bent[[0, -1]] = True
    return p[bent].astype(float), closed
