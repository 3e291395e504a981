import ctypes


def read_null():
    return ctypes.string_at(0)
