"""Reads what `tests/interop.rs` wrote of every kind of value, and prints how each arrives.

Each row: the result, its Rust type, the numpy type in the file, and whether the value of the first run is equal.
"""

import json
import sys

import h5py
import numpy as np
from readers import datasets, text

NA = np.frombuffer(np.uint64(0x7FF0_0000_0000_07A2).tobytes())[0]

# Result, Rust type, numpy type in the file, value of run 0. The program in tests/interop.rs has the same list.
EXPECTED = [
    ("i_8", "i8", "int8", -128),
    ("i_16", "i16", "int16", -(2**15)),
    ("i_32", "i32", "int32", -(2**31)),
    ("i_64", "i64", "int64", -(2**63)),
    ("i_128", "i128", "text (decimal)", -(2**127)),
    ("u_8", "u8", "uint8", 255),
    ("u_16", "u16", "uint16", 2**16 - 1),
    ("u_32", "u32", "uint32", 2**32 - 1),
    ("u_64", "u64", "uint64", 2**64 - 1),
    ("u_128", "u128", "text (decimal)", 2**128 - 1),
    ("non_zero", "NonZero<u16>", "uint16", 7),
    ("f_16", "f16", "float32 (f16)", 0.0999755859375),
    ("f_32", "f32", "float32", float(np.float32(0.1))),
    ("f_64", "f64", "float64", 0.1),
    ("boolean", "bool", "int8", 1),
    ("character", "char", "text", "ß"),
    ("string", "String", "text", "Grüße\U0010ffff0🧠"),
    ("choice", "enum without fields", "text", "RungeKutta"),
    ("complex_32", "Complex<f32>", "complex64", 1 - 2j),
    ("complex_64", "Complex<f64>", "complex128", 0.1 + 0.2j),
    ("no_float", "Option<f64>", "float64 (optional)", NA),
    ("some_float", "Option<f64>", "float64 (optional)", 2.5),
    ("no_count", "Option<u32>", "text (optional)", ""),
    ("some_count", "Option<u32>", "text (optional)", "3"),
    ("some_text", "Option<String>", "text (optional)", '"a"'),
    ("span", "Duration", "int64", 1_500_000_001),
    ("time", "SystemTime", "int64", -1),
    ("bytes", "Vec<u8>", "uint8", [0, 255]),
    ("list", "Vec<f64>", "float64", [0.5, -0.0]),
    ("points", "Vec<[i32; 2]>", "int32", [[1, 2], [3, 4]]),
    ("nested", "[[f64; 2]; 2]", "float64", [[1.0, 2.0], [3.0, 4.0]]),
    ("matrix", "Array2<u16>", "uint16", [[1, 2, 3], [4, 5, 6]]),
    ("lists", "Vec<Vec<i64>>", "text (json)", [[1], [], [2, 3]]),
    ("tuple", "(f64, String)", "text (json)", [float("inf"), "x"]),
    ("map", "BTreeMap<String, f64>", "text (json)", {"a": 1.0, "ä": -0.5}),
    ("by_serde", "#[result(serde)]", "text (json)", {"Ramp": {"from": 0.25, "to": None}}),
    ("by_cbor", '#[result(serde = "cbor")]', "uint8 (cbor)", list(b"\x82\x01\x02")),
    ("newtype", "derived from f64", "float64", -65.0),
    ("length", "uom Length", "float64", 0.002),
    ("truths", "Vec<bool>", "int8", [1, 0]),
    ("texts", "Vec<String>", "text", ["ä", ""]),
    ("spans", "Vec<Duration>", "int64", [1, 0]),
    ("complexes", "[Complex<f64>; 2]", "complex128", [1j, -1 + 0.5j]),
    ("single_element", "Array0<f32>", "float32", 0.5),
    ("boxed", "Box<i64>", "int64", -5),
    ("boxed_list", "Box<[u16]>", "uint16", [1, 2]),
    ("shared_text", "Arc<str>", "text", "shared"),
    ("borrowed", "Cow<str>", "text", "borrowed"),
    ("layer/rate", "nested #[results], f64", "float64", 12.5),
    ("layer/of_each", "nested #[results], [f32; 2]", "float32", [0.5, -0.0]),
    ("layer/events/at", "nested Table, u8", "uint8", [1, 2]),
    ("any_rank", "ArrayD<i16>", "int16 (group)", [[[1, 2, 3]], [[4, 5, 6]]]),
    ("table/time", "Table, f64", "float64", [0.5, 1.5]),
    ("table/word", "Table, String", "text", ["a", "b"]),
    ("sparse", "CsMat<i64>", "int64 (group)", [[0, 2, 0], [3, 0, 4]]),
]


def first(node):
    """The value of the first run, of a column or a ragged group."""
    if isinstance(node, h5py.Group):
        start, size = node["row_start"][0], node["row_size"][0]
        return node["values"][start : start + size]
    return node[0]


def dense(group):
    """What `scipy.sparse.csr_matrix((data, indices, indptr), shape)` stands for."""
    parts = {name: first(group[name]) for name in ("data", "indices", "indptr", "shape")}
    assert text(first(group["format"])) == "csr"
    matrix = np.zeros(parts["shape"], parts["data"].dtype)
    for row in range(len(matrix)):
        of_row = slice(parts["indptr"][row], parts["indptr"][row + 1])
        matrix[row, parts["indices"][of_row]] = parts["data"][of_row]
    return matrix


def of_group(group):
    """An array that a group of columns stands for."""
    if "indptr" in group:
        return dense(group)
    return first(group["values"]).reshape(first(group["shape"]))


def arrived(node):
    if isinstance(node, h5py.Group) and "layout" not in node.attrs:
        array = of_group(node)
        return f"{array.dtype} (group)", array.tolist()
    values = node["values"] if isinstance(node, h5py.Group) else node
    encoding = text(node.attrs.get("encoding", ""))
    value = first(node)
    kind = str(values.dtype)
    if h5py.check_string_dtype(values.dtype):
        kind, value = "text", [text(word) for word in value] if isinstance(value, np.ndarray) else text(value)
        if encoding == "decimal":
            value = int(value)
        elif encoding == "json":
            value = json.loads(value)
    else:
        value = value.tolist()
    return kind + (f" ({encoding})" if encoding else ""), value


def same(found, expected):
    if isinstance(expected, float):
        return np.float64(found).tobytes() == np.float64(expected).tobytes()
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    return found == expected


def main(path):
    with h5py.File(path, "r") as file:
        results = file["every_value/results"]
        rows, n_wrong = [], 0
        for name, rust, dtype, expected in EXPECTED:
            kind, value = arrived(results[name])
            equal = kind == dtype and same(value, expected)
            n_wrong += not equal
            rows.append((name, rust, kind, "yes" if equal else f"NO: {value!r}, not {expected!r} as {dtype}"))
        missing = set(results) - {name.split("/")[0] for name, *_ in EXPECTED}
        assert not missing, missing
        comments = {name: text(results[name].attrs["comment"]) for name in ("layer", "layer/rate", "table")}
        assert list(comments.values()) == ["One of several.", "Mean of all cells.", "Rows of this run."], comments
        assert text(results["layer/rate"].attrs["units"]) == "Hz"
        assert text(results["length"].attrs["units"]) == "m" and text(results["span"].attrs["units"]) == "ns"
        assert text(results["by_serde"].attrs["type"]).endswith("Stimulus")
    for engine, runs in datasets(path, "every_value/by_run"):
        assert runs.time.dtype.kind == "M" and str(runs.time.values[0]) == "1969-12-31T23:59:59.999999999", (engine, runs.time)
        parts = runs.complex_64.values[0]
        assert runs["layer.of_each"].dims == ("run", "cell") and runs["layer.rate"].values.tolist() == [12.5], engine
        assert (parts if engine == "h5netcdf" else complex(parts["r"], parts["i"])) == 0.1 + 0.2j, (engine, parts)
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in [("kind", "Rust", "numpy", "equal"), *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, (*widths, 0))).rstrip())
    assert n_wrong == 0, f"{n_wrong} kinds of values arrive as others"


main(sys.argv[1])
