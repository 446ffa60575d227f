"""Reads a run table of 70 000 rows as Parquet: several groups of rows, each with the range of its values."""

import sys

import pandas
import pyarrow.parquet

file = pyarrow.parquet.ParquetFile(sys.argv[1])
sizes = [file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups)]
assert sizes == [65_536, 70_000 - 65_536], sizes
statistics = file.metadata.row_group(1).column(0).statistics
assert (statistics.min, statistics.max) == (65_536, 69_999), statistics
frame = pandas.read_parquet(sys.argv[1], filters=[("n", ">", 69_990)])
assert frame.square.tolist() == [n * n for n in range(69_991, 70_000)], frame
