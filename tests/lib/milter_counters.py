# SPDX-License-Identifier: MIT
"""What chatmail-milter counted in its run_dir, of the file's own form
(lib/cm-counters.c), so that a test sees what doveadm and Prometheus see."""
import pathlib
import struct

MAGIC = b"CMCOUNT1"
HEADER = struct.Struct("=8sII")
ROW = struct.Struct("=40sQ")


def read(run_dir):
    """Counts by name, or None if nothing counts there."""
    try:
        data = pathlib.Path(run_dir, "milter.counters").read_bytes()
    except FileNotFoundError:
        return None
    magic, rows, _ = HEADER.unpack_from(data)
    assert magic == MAGIC, magic
    return {name.rstrip(b"\0").decode(): count for name, count in
            ROW.iter_unpack(data[HEADER.size:HEADER.size + rows * ROW.size])}
