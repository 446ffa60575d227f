"""Grows the automata of the example `cellular_automata` anew and compares them with its trajectory file."""

import sys

import numpy as np
from readers import datasets, text

RULES = [10, 30, 90, 110, 184, 190]
N_CELLS, GENERATIONS = 201, 150
MASK = 2**64 - 1


def random_row(seed, density):
    """The first generation of the start `Random`: a SplitMix64 generator, 53 bits for each cell."""
    row = []
    for _ in range(N_CELLS):
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        z = seed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        z ^= z >> 31
        row.append((z >> 11) / 2**53 < density)
    return np.array(row)


def grow(rule, row):
    """All generations of an elementary automaton on a ring."""
    table = np.array([rule >> k & 1 for k in range(8)], dtype=bool)
    rows = [row]
    for _ in range(GENERATIONS - 1):
        row = table[4 * np.roll(row, 1) + 2 * row + np.roll(row, -1)]
        rows.append(row)
    return np.array(rows)


single = np.arange(N_CELLS) == N_CELLS // 2
starts = {"SingleCell": single, "Random": random_row(100_042, 0.5)}
for engine, grid in datasets(sys.argv[1], "cellular_automata/grid"):
    assert grid.pattern.dims == ("start", "rule", "generation", "cell"), (engine, grid)
    assert [text(start) for start in grid.start.values] == list(starts), (engine, grid.start)
    assert grid.rule.values.tolist() == RULES and grid.rule.dtype == np.uint8, (engine, grid.rule)
    assert grid.pattern.dtype == bool, (engine, grid.pattern.dtype)
    for row, start in enumerate(starts.values()):
        for column, rule in enumerate(RULES):
            expected = grow(rule, start)
            assert np.array_equal(grid.pattern[row, column], expected), (engine, row, rule)
            assert grid.n_alive[row, column] == expected[-1].sum(), (engine, row, rule)
print("12 patterns agree")
