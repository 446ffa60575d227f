"""Makes a file as older versions wrote it: runtimes have double precision."""

import sys

import h5py

file, name = sys.argv[1:]
with h5py.File(file, "r+") as f:
    trajectory = f[name]
    single = trajectory["runs/runtime"]
    single.dims[0].detach_scale(trajectory["run"])
    seconds = single[()].astype("f8")
    attributes = {key: value for key, value in single.attrs.items() if key not in ("DIMENSION_LIST", "_FillValue")}
    del trajectory["runs/runtime"]
    double = trajectory["runs"].create_dataset(
        "runtime", data=seconds, chunks=True, maxshape=(None,), fillvalue=float("nan")
    )
    double.attrs.update(attributes)
    double.dims[0].attach_scale(trajectory["run"])
