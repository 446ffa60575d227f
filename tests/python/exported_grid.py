"""A product that was exported is a labelled map without any group."""

import sys

import numpy as np
import xarray

for engine in ("h5netcdf", "netcdf4"):
    with xarray.open_dataset(sys.argv[1], engine=engine) as dataset:
        assert dict(dataset.sizes) == {"x": 4, "y": 3}, dataset
        np.testing.assert_array_equal(dataset.z, np.outer([1.0, 2, 3, 4], [6.0, 7, 8]))
        assert dataset.z.sel(x=4.0, y=8.0) == 32.0
        assert dataset.attrs["experiment"] == "multiply"
