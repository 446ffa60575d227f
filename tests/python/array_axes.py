"""Checks that xarray reads arrays that are explored, with dimensions of their own: by run, and in the grid."""

import sys

import h5py
from readers import datasets

path, n_kernels, n_gains = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for engine, dataset in datasets(path, "filtered/by_run"):
    assert dataset.sizes["run"] == n_kernels * n_gains, (engine, dataset.sizes)
    assert dataset.kernel.dims == ("run", "kernel_0") and dataset.sizes["kernel_0"] == 3, (engine, dataset.kernel.dims)
    assert dataset.shifts.dims == ("run", "shifts_0", "shifts_1"), (engine, dataset.shifts.dims)
    assert set(dataset.coords) >= {"run", "kernel", "shifts"}, (engine, dataset.coords)
    assert dataset.response.dims == ("run", "response_0"), (engine, dataset.response.dims)
    assert dataset.shifts[1].values.tolist() == [[1, 1], [2, 3]], (engine, dataset.shifts)
for engine, dataset in datasets(path, "filtered/grid"):
    assert dataset.sizes["kernel_index"] == n_kernels and dataset.sizes["kernel_0"] == 3, (engine, dataset.sizes)
    assert dataset.kernel.dims == ("kernel_index", "kernel_0"), (engine, dataset.kernel.dims)
    assert dataset.shifts.dims == ("kernel_index", "shifts_0", "shifts_1"), (engine, dataset.shifts.dims)
    for i in range(n_kernels):
        point = dataset.isel(kernel_index=i)
        assert point.kernel.values.tolist() == [i] * 3, (engine, point)
        if n_gains == 2:
            assert point.sel(gain=2.0).response.values.tolist() == [2 * i] * 3, (engine, point)
with h5py.File(path) as file:
    # No scale knows of a dataset that is gone, and none has nobody left that uses it.
    for name, scale in file["filtered"].items():
        if isinstance(scale, h5py.Dataset) and scale.is_scale:
            users = [file[reference] for reference, _ in scale.attrs["REFERENCE_LIST"]]
            assert users and all(user.name for user in users), (name, users)
