"""Checks that every trajectory of a file opens with xarray, and that no dimension scale refers to what is gone."""

import sys

import h5py
import readers


def check_references(node):
    """Every dataset that a scale lists names the scale in turn."""
    for name, member in node.items():
        link = node.get(name, getlink=True)
        if isinstance(link, h5py.SoftLink):
            continue
        if isinstance(member, h5py.Group):
            check_references(member)
            continue
        for entry in member.attrs.get("REFERENCE_LIST", []):
            reference, axis = entry[0], entry[1]
            assert reference, f"{member.name} refers to nothing"
            dataset = node.file[reference]
            assert dataset.name is not None, f"{member.name} refers to a dataset without a name"
            assert any(scale == member for scale in dataset.dims[axis].values()), (member.name, dataset.name)


path = sys.argv[1]
with h5py.File(path) as file:
    check_references(file)
    groups = [f"{name}/{view}" for name in file for view in ("by_run", "grid") if view in file[name]]
    sizes = {name: int(file[name].attrs["n_runs"]) for name in file}
for group in groups:
    name, view = group.split("/")
    for engine, dataset in readers.datasets(path, group):
        if view == "by_run":
            assert dataset.sizes["run"] == sizes[name], (engine, group)
        else:
            assert dataset.data_vars, (engine, group)
print(" ".join(groups))
