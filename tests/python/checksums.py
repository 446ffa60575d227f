"""Recomputes the checksums of all runs of a file from docs/file-format.md alone."""

import struct
import sys

import h5py
import numpy
import xxhash

FILL = {"f32": numpy.float32(numpy.nan).tobytes(), "f64": numpy.float64(numpy.nan).tobytes()}


def unescaped(text):
    end = "\U0010ffff"
    return text.replace(end + "0", "\0").replace(end + "1", end)


def element_of(dataset):
    if h5py.check_string_dtype(dataset.dtype):
        return "text"
    if dataset.attrs.get("dtype") in ("bool", b"bool"):
        return "bool"
    kind, size = dataset.dtype.kind, dataset.dtype.itemsize
    return {"i": f"i{8 * size}", "u": f"u{8 * size}", "f": f"f{8 * size}", "c": f"c{4 * size}"}[kind]


def count(name, element, value):
    value = numpy.asarray(value)
    if element == "text":
        texts = [unescaped(t.decode() if isinstance(t, bytes) else t).encode() for t in value.reshape(-1).tolist()]
        is_fill = all(not text for text in texts)
        body = b"".join(struct.pack("<Q", len(text)) + text for text in texts)
    else:
        body = value.astype(value.dtype.newbyteorder("<")).tobytes()
        size = value.dtype.itemsize
        fill = FILL.get(element, bytes(size))
        is_fill = body == fill * value.size
    if is_fill:
        return 0
    key = xxhash.xxh3_64_intdigest(name.encode() + b"\0" + element.encode())
    body += b"".join(struct.pack("<Q", length) for length in (*value.shape, value.ndim))
    return xxhash.xxh3_64_intdigest(body, seed=key)


def columns(group, prefix=""):
    """Name, element type and a function from the run to the value, for each column of results."""
    for key, node in group.items():
        name, layout = prefix + key, node.attrs.get("layout")
        if layout == "column":
            yield name, element_of(node), lambda run, node=node: node[run]
        elif layout == "ragged":
            def value(run, node=node):
                flat = node["values"][node["row_start"][run] :][: node["row_size"][run]]
                return flat.reshape(node["row_shape"][run]) if "row_shape" in node else flat
            yield name, element_of(node["values"]), value
        elif isinstance(node, h5py.Group):
            yield from columns(node, name + ".")


with h5py.File(sys.argv[1]) as file:
    n_checked = 0
    for trajectory in file.values():
        of_results = list(columns(trajectory["results"]))
        stored, status = trajectory["runs/checksum"][:], trajectory["runs/status"][:]
        for run in numpy.flatnonzero(status == 1):
            total = 1 + sum(count(name, element, value(run)) for name, element, value in of_results)
            assert stored[run] == total % 2**64, (trajectory.name, run, stored[run], total % 2**64)
            n_checked += 1
        assert (stored[status == 0] == 0).all()
    print(n_checked)
