"""Reads the sparse matrices that `tests/parameter_groups.rs` explored, as docs/file-format.md says."""

import sys

import h5py
import numpy as np
from readers import datasets, text


def of_run(c, i):
    if isinstance(c, h5py.Dataset):
        return c[i]
    values = c["values"][c["row_start"][i] :][: c["row_size"][i]]
    return values.reshape(c["row_shape"][i]) if "row_shape" in c else values


def dense(data, indices, indptr, shape):
    """What `scipy.sparse.csr_matrix((data, indices, indptr), shape)` stands for."""
    matrix = np.zeros(shape)
    for row in range(len(matrix)):
        of_row = slice(indptr[row], indptr[row + 1])
        matrix[row, indices[of_row]] = data[of_row]
    return matrix


PARTS = ("data", "indices", "indptr", "shape")

with h5py.File(sys.argv[1], "r") as file:
    traj = file["echo"]
    preset = traj["parameters/net/weights"]
    assert text(preset.attrs["comment"]) == "Strengths." and text(preset["format"][()]) == "csr"
    assert preset["data"].attrs["explored"] == 1
    assert np.array_equal(dense(*(preset[part][()] for part in PARTS)), np.eye(2))
    for run, n in enumerate([0, 0, 2, 2, 3, 3]):
        found = dense(*(of_run(traj[f"explored/net.weights.{part}"], run) for part in PARTS))
        assert np.array_equal(found, 0.5 * np.diag([1.0] * n + [0.0] * (3 - n))), (run, found)

for engine, runs in datasets(sys.argv[1], "echo/by_run"):
    assert runs["sum"].values.tolist() == [0.0, 0.0, 1.0, 2.0, 1.5, 3.0], engine
for engine, grid in datasets(sys.argv[1], "echo/grid"):
    assert grid["sum"].shape == (3, 2), (engine, grid)
