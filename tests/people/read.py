"""pandas reads every table of a directory without options, with the types that columns.csv tells."""
import pathlib
import sys

import pandas

folder = pathlib.Path(sys.argv[1])
columns = pandas.read_csv(folder / "columns.csv")
for path in sorted(folder.glob("*.csv")):
    table = pandas.read_csv(path)
    assert len(table) > 0, path
    for told in columns[columns.table == path.name].itertuples():
        assert told.column in table.columns, (path.name, told.column)
        cells = table[told.column].dropna()
        if told.type in ("integer", "number", "flag"):
            # A setting that may be "auto" or a list is told to be a word.
            assert pandas.api.types.is_numeric_dtype(table[told.column]), (path.name, told.column, cells.iloc[0])
        if told.type == "integer":
            assert (cells == cells.round()).all(), (path.name, told.column)
        if told.type == "flag":
            assert cells.isin([0, 1]).all(), (path.name, told.column)
    untold = set(table.columns) - set(columns[columns.table == path.name].column)
    assert path.name == "columns.csv" or not untold, (path.name, untold)
