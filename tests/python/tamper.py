"""Changes a file so that it says something else than its runs, with all checksums of HDF5 in order."""

import sys

import h5py
import numpy

path, action, *rest = sys.argv[1:]


def columns(group):
    """All data sets with a row for each run."""
    for node in group.values():
        if isinstance(node, h5py.Group):
            if node.attrs.get("layout") == "ragged":
                yield from (node[name] for name in ("row_start", "row_size", "row_shape") if name in node)
            else:
                yield from columns(node)
        elif node.attrs.get("layout") == "column":
            yield node


with h5py.File(path, "r+") as file:
    (trajectory,) = [group for group in file.values() if "experiment" in group.attrs]
    if action == "ulp":
        name, run = rest
        values = trajectory["results"][name]
        values[int(run)] = numpy.nextafter(values[int(run)], numpy.inf)
    elif action == "set":
        name, run, value = rest
        values = trajectory["results"][name]
        values[int(run)] = value if values.dtype.kind == "O" else values.dtype.type(value)
    elif action == "size":
        name, run, size = rest
        trajectory["results"][name]["row_size"][int(run)] = int(size)
    elif action == "build":
        name, text = rest
        trajectory["config/build"][name][()] = text
    elif action == "element":
        name, position = rest
        trajectory["results"][name][int(position)] += 1
    elif action == "shorten":
        for name in rest:
            trajectory[name].resize(trajectory[name].shape[0] - 1, axis=0)
    elif action == "double":
        # The last run stands there twice, in every column.
        for branch in ("explored", "derived_parameters", "runs", "results"):
            for column in columns(trajectory.get(branch, {})):
                n_runs = column.shape[0]
                column.resize(n_runs + 1, axis=0)
                column[n_runs] = column[n_runs - 1]
        if "counted" in rest:
            trajectory.attrs["n_runs"] = numpy.uint64(trajectory.attrs["n_runs"] + 1)
    elif action == "repeat":
        # One run in the place of another one.
        run, other = map(int, rest)
        for branch in ("explored", "derived_parameters", "runs", "results"):
            for column in columns(trajectory.get(branch, {})):
                column[other] = column[run]
    elif action == "move":
        # The results of a run under the point of another one.
        run, other = map(int, rest)
        for column in columns(trajectory["explored"]):
            column[other] = column[run]
    elif action == "status":
        run, code = map(int, rest)
        trajectory["runs/status"][run] = code
    elif action == "without_checksums":
        # As older versions wrote it.
        del trajectory["runs/checksum"]
    else:
        raise SystemExit(f"what is `{action}`?")
