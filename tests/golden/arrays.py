# SPDX-License-Identifier: Apache-2.0
"""Files of named arrays, as fixture.c reads them.

Little-endian: "SEQDGOLD", u32 version (1), u32 number of arrays; then for each array u16 length of the name, the name,
u8 kind (0 float32, 1 float64, 2 int32), u8 rank, u32 size of each dimension, the values.
"""
import struct

import numpy as np

KINDS = {np.dtype("<f4"): 0, np.dtype("<f8"): 1, np.dtype("<i4"): 2}


def write(path, arrays):
    with open(path, "wb") as out:
        out.write(b"SEQDGOLD" + struct.pack("<II", 1, len(arrays)))
        for name, value in arrays.items():
            value = np.ascontiguousarray(value)
            data = name.encode()
            out.write(struct.pack("<H", len(data)) + data)
            out.write(struct.pack("<BB", KINDS[value.dtype], value.ndim))
            out.write(struct.pack("<%dI" % value.ndim, *value.shape))
            out.write(value.tobytes())


def f32(value):
    """A tensor or array as float32, the precision fixtures keep."""
    return np.asarray(getattr(value, "detach", lambda: value)(), dtype="<f4")


def i32(value):
    return np.asarray(value, dtype="<i4")


def f64(value):
    return np.asarray(value, dtype="<f8")
