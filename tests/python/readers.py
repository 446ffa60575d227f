"""What the scripts beside this one share: opening a group with every engine of xarray."""

import xarray


def datasets(path, group):
    """The group as a labelled dataset, read by h5netcdf and by netCDF4, each with its name; all values loaded."""
    for engine in ("h5netcdf", "netcdf4"):
        with xarray.open_dataset(path, group=group, engine=engine) as dataset:
            yield engine, dataset.load()


def text(value):
    """An attribute or a scalar dataset as text, whichever way a reader hands text over."""
    return value.decode() if isinstance(value, bytes) else str(value)
