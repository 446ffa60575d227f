"""Reads the trajectory that `tests/interop.rs` makes of every kind of value: how each arrives in Python.

Text arrives as text, truth as truth, and integers keep their width and sign.
"""

import sys

import h5py
import numpy as np
from readers import datasets, text

# Name, numpy type in the file, value of run k. The program in tests/interop.rs has the same list.
INTEGERS = {
    "i_8": (np.int8, lambda k: -k),
    "i_16": (np.int16, lambda k: -1000 * k),
    "i_32": (np.int32, lambda k: -100_000 * k),
    "i_64": (np.int64, lambda k: -(2**62) + k),
    "u_8": (np.uint8, lambda k: 255 - k),
    "u_16": (np.uint16, lambda k: 65_535 - k),
    "u_32": (np.uint32, lambda k: 2**32 - 1 - k),
    "u_64": (np.uint64, lambda k: 2**64 - 1 - k),
}
WORDS = ["", "plain", "Grüße aus Zürich, 東京 🧠", "a longer text with several words in it"]
N = len(WORDS)


def check_columns(results):
    for name, (dtype, value) in INTEGERS.items():
        column = results[name]
        assert column.dtype == dtype, (name, column.dtype)
        assert column[()].tolist() == [value(k) for k in range(N)], (name, column[()])
    assert results["f_32"].dtype == np.float32 and results["f_32"][()].tolist() == [k / 2 for k in range(N)]
    assert results["even"].dtype == np.int8 and text(results["even"].attrs["dtype"]) == "bool"
    assert results["even"][()].tolist() == [1, 0, 1, 0]
    assert results["word"].asstr()[()].tolist() == WORDS
    assert results["method"].asstr()[()].tolist() == ["Euler", "RungeKutta"] * 2
    assert results["counts"].shape == (N, 3) and results["counts"][2].tolist() == [2, 20, 200]
    assert results["image"].shape == (N, 2, 3) and results["image"].dtype == np.float32
    assert results["image"][3].tolist() == [[3, 3, 3], [6, 6, 6]]
    assert results["mask"].shape == (N, 2) and results["mask"][1].tolist() == [0, 1]

    # Lengths that differ from run to run: all values one after the other, and where each run's begin.
    ragged = results["spikes"]
    values, start, size = ragged["values"][()], ragged["row_start"][()], ragged["row_size"][()]
    assert size.tolist() == list(range(N)), size
    for k in range(N):
        assert values[start[k] : start[k] + size[k]].tolist() == [k + 0.5] * k, (k, values)

    # A result that only some runs added.
    assert np.array_equal(results["extra"][()], [np.nan, 10.0, np.nan, 30.0], equal_nan=True), results["extra"][()]


def check_presets(parameters):
    assert text(parameters["title"][()]) == "Ünïcode"
    assert text(parameters["method"][()]) == "Euler"
    assert parameters["verbose"].dtype == np.int8 and parameters["verbose"][()] == 1
    assert text(parameters["verbose"].attrs["dtype"]) == "bool"
    assert parameters["weights"][()].tolist() == [0.5, 0.25]
    assert parameters["seed"].dtype == np.uint64 and parameters["seed"][()] == 2**64 - 1
    assert text(parameters["weights"].attrs["units"]) == "nS"


def check_xarray(path):
    for engine, runs in datasets(path, "kinds/by_run"):
        assert runs.sizes["run"] == N, (engine, runs)
        assert runs.even.dtype == bool and runs.even.values.tolist() == [True, False, True, False], (engine, runs.even)
        assert runs.mask.dtype == bool, (engine, runs.mask)
        assert [text(word) for word in runs.word.values] == WORDS, (engine, runs.word)
        assert [text(word) for word in runs.method.values] == ["Euler", "RungeKutta"] * 2, (engine, runs.method)
        assert runs.image.dims == ("run", "row", "column"), (engine, runs.image)
        for name, (dtype, value) in INTEGERS.items():
            assert runs[name].dtype == dtype, (engine, name, runs[name].dtype)
            assert runs[name].values.tolist() == [value(k) for k in range(N)], (engine, name)


def main(path):
    with h5py.File(path, "r") as file:
        check_columns(file["kinds/results"])
        check_presets(file["kinds/parameters"])
    check_xarray(path)
    print("every kind of value arrives")


main(sys.argv[1])
