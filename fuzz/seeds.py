"""Seeds for the targets whose inputs `testdata/` does not hold as files, written to fuzz/corpus: `event` and `rows`."""
import io
import json
import pathlib
import struct
import zipfile

here = pathlib.Path(__file__).parent


def seed(target, name, content):
    folder = here / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def npy(descr, shape, data, order="False"):
    header = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def npz(compression=zipfile.ZIP_STORED, **arrays):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, array in arrays.items():
            archive.writestr(f"{name}.npy", array)
    return file.getvalue()


def ints(*values):
    return npy("<i8", f"({len(values)},)", struct.pack(f"<{len(values)}q", *values))



def write():
    for path in sorted((here.parent / "testdata/events").glob("*.json")):
        seed("event", path.name, json.dumps(json.loads(path.read_text())["event"]).encode())

    floats = npy("<f8", "(2,)", struct.pack("<2d", 1.5, -2))
    shape, indptr, indices = ints(2, 4), ints(0, 1, 2), ints(3, 0)
    files = [  # format as `Format::NAMES` counts them, and a file
        (0, b"a,b,c,d\n5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n"),
        (0, b"5.1,3.5,1.4,0.2\r\n6.7,3.0,5.2,2.3\r\n"),
        (0, b'\xef\xbb\xbfa;b\n"x ""y"";\nz";1,5\n;True\n'),
        (0, b"text\nthe quick brown fox\n,\n"),
        (1, b"a\tb\n1\tNA\n2\t-1.5e3\n"),
        (2, b"[[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, NaN, null]]"),
        (2, b'{"columns": [{"name": "a", "dtype": "int64"}, {"name": "b", "dtype": "str"}], "rows": [[1, "x"], [2, null]]}'),
        (2, b'{"input": [{"a": 1, "b": "x"}, {"a": true, "b": ["x", "y"]}]}'),
        (2, b'["a text", "\\ud83d\\ude00"]'),
        (3, b"[5.1, 3.5, 1.4, 0.2]\n\n[6.7, 3.0, 5.2, {\"$float\": \"NaN\"}]\n"),
        (3, b'{"a": 1, "b": 2}\n{"b": 3, "a": 1e400}\n'),
        (3, b'"one"\n"two"\n'),
        (4, b"the quick brown fox\n\njumps\r\n"),
        (5, npy("<f8", "(1, 4)", struct.pack("<4d", 5.1, 3.5, 1.4, 0.2))),
        (5, npy(">i2", "(2, 2)", struct.pack(">4h", 1, -2, 3, 4), "True")),
        (5, npy("|b1", "(3,)", b"\x00\x01\x02")),
        (5, npy("<U2", "(1, 2)", "abcd".encode("utf-32-le"))),
        (5, npy("|S3", "(2,)", b"ab\x00cde")),
        (6, npz(format=npy("|S3", "()", b"csr"), shape=shape, data=floats, indptr=indptr, indices=indices)),
        (6, npz(zipfile.ZIP_DEFLATED, format=npy("<U3", "()", "coo".encode("utf-32-le")), shape=shape, data=floats,
                row=ints(1, 0), col=ints(3, 0))),
        (6, npz(format=npy("|S3", "()", b"csc"), shape=ints(4, 2), data=floats, indptr=indptr, indices=indices)),
    ]
    for number, (form, content) in enumerate(files):
        for model in range(6):  # none, or one of rows.models
            seed("rows", f"{number:02}-{model}", struct.pack("<H", form + 8 * model) + content)
        seed("rows", f"{number:02}-sniffed", struct.pack("<H", 7 + 8) + content)
