"""Runs a SavedModel through TensorFlow's C library alone, the loader that TF Serving has, without its Python.

    python c_library.py REQUEST ANSWER

REQUEST is a JSON file: `library` (the folder of the tensorflow package), `model` (a version's folder),
`input` and `outputs` (a signature's tensors in the graph), `photos` (paths). ANSWER becomes an .npz of the
outputs by name. Two lines are printed: the library's version, and its refusal of a text among the photos.
Functions and structures are those of tensorflow/c/c_api.h, tf_tensor.h and tf_tstring.h.
"""

from __future__ import annotations

import ctypes
import json
import sys
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path

import numpy as np

FLOAT, STRING = 1, 7  # TF_DataType
STRING_BYTES = 24  # sizeof(TF_TString)


class Output(ctypes.Structure):
    """TF_Output: one output of an operation."""

    _fields_ = [("operation", c_void_p), ("index", c_int)]


SIGNATURES = {
    "TF_Version": (c_char_p, []),
    "TF_NewStatus": (c_void_p, []),
    "TF_GetCode": (c_int, [c_void_p]),
    "TF_Message": (c_char_p, [c_void_p]),
    "TF_NewGraph": (c_void_p, []),
    "TF_NewSessionOptions": (c_void_p, []),
    "TF_LoadSessionFromSavedModel": (
        c_void_p,
        [c_void_p, c_void_p, c_char_p, POINTER(c_char_p), c_int, c_void_p, c_void_p, c_void_p],
    ),
    "TF_GraphOperationByName": (c_void_p, [c_void_p, c_char_p]),
    "TF_AllocateTensor": (c_void_p, [c_int, POINTER(c_int64), c_int, c_size_t]),
    "TF_TensorData": (c_void_p, [c_void_p]),
    "TF_TensorType": (c_int, [c_void_p]),
    "TF_NumDims": (c_int, [c_void_p]),
    "TF_Dim": (c_int64, [c_void_p, c_int]),
    "TF_StringInit": (None, [c_void_p]),
    "TF_StringCopy": (None, [c_void_p, c_char_p, c_size_t]),
    "TF_SessionRun": (
        None,
        [c_void_p, c_void_p]
        + [POINTER(Output), POINTER(c_void_p), c_int]  # inputs
        + [POINTER(Output), POINTER(c_void_p), c_int]  # outputs
        + [c_void_p, c_int, c_void_p, c_void_p],
    ),
}


class Model:
    """A SavedModel in a session of the C library."""

    def __init__(self, library_folder: str, folder: str) -> None:
        ctypes.CDLL(f"{library_folder}/libtensorflow_framework.so.2", ctypes.RTLD_GLOBAL)
        self.library = ctypes.CDLL(f"{library_folder}/libtensorflow_cc.so.2", ctypes.RTLD_GLOBAL)
        for name, (result, arguments) in SIGNATURES.items():
            function = getattr(self.library, name)
            function.restype, function.argtypes = result, arguments
        self.status = self.library.TF_NewStatus()
        self.graph = self.library.TF_NewGraph()
        options = self.library.TF_NewSessionOptions()
        tags = (c_char_p * 1)(b"serve")
        self.session = self.library.TF_LoadSessionFromSavedModel(
            options, None, folder.encode(), tags, 1, self.graph, None, self.status
        )
        self.check()

    def check(self) -> None:
        if self.library.TF_GetCode(self.status):
            raise RuntimeError(self.library.TF_Message(self.status).decode())

    def run(self, input_name: str, photos: list[bytes], output_names: list[str]) -> list[np.ndarray]:
        given = (c_void_p * 1)(self.strings(photos))
        got = (c_void_p * len(output_names))()
        inputs = (Output * 1)(self.output(input_name))
        outputs = (Output * len(output_names))(*[self.output(name) for name in output_names])
        self.library.TF_SessionRun(
            *(self.session, None, inputs, given, 1, outputs, got, len(output_names)),
            *(None, 0, None, self.status),
        )
        self.check()
        return [self.floats(tensor) for tensor in got]

    def output(self, name: str) -> Output:
        operation, _, index = name.partition(":")
        return Output(self.library.TF_GraphOperationByName(self.graph, operation.encode()), int(index))

    def strings(self, contents: list[bytes]) -> int:
        shape = (c_int64 * 1)(len(contents))
        tensor = self.library.TF_AllocateTensor(STRING, shape, 1, STRING_BYTES * len(contents))
        for place, content in enumerate(contents):
            string = self.library.TF_TensorData(tensor) + place * STRING_BYTES
            self.library.TF_StringInit(string)
            self.library.TF_StringCopy(string, content, len(content))
        return tensor

    def floats(self, tensor: int) -> np.ndarray:
        assert self.library.TF_TensorType(tensor) == FLOAT
        shape = [self.library.TF_Dim(tensor, axis) for axis in range(self.library.TF_NumDims(tensor))]
        values = ctypes.cast(self.library.TF_TensorData(tensor), POINTER(ctypes.c_float))
        return np.ctypeslib.as_array(values, shape).copy()


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text())
    model = Model(request["library"], request["model"])
    print(model.library.TF_Version().decode())
    photos = [Path(path).read_bytes() for path in request["photos"]]
    outputs = request["outputs"]
    try:
        model.run(request["input"], [photos[0], b"not a photo"], list(outputs.values()))
    except RuntimeError as error:
        print(" ".join(str(error).split()))
    values = model.run(request["input"], photos, list(outputs.values()))
    np.savez(sys.argv[2], **dict(zip(outputs, values)))
    strangers = {"tensorflow", "keras", "aesthkeras", "tensorflow_io", "tensorflow_addons"} & set(sys.modules)
    assert not strangers, f"imported {strangers}"


if __name__ == "__main__":
    main()
