"""Small files as numpy writes them: arrays.npz here, and the fuzz corpora of .npy, .npz and .wav files."""
import pathlib
import struct

import numpy as np

here = pathlib.Path(__file__).parent
corpus = here.parent / "fuzz" / "corpus"
x = (np.arange(12, dtype="<f4") / 4).reshape(3, 4)
y = np.array([2, 0, 1], dtype="<i8")
np.savez_compressed(here / "arrays.npz", x=x, y=y, z=np.array([[0.5], [-1e300], [3]]), u=np.arange(6, dtype="u1"), i=np.array(-7, dtype="<i4"))

np.save(corpus / "npy" / "good_f4.npy", x)
np.save(corpus / "npy" / "good_number.npy", np.array(2.5))
np.save(corpus / "npy" / "bad_fortran.npy", np.asfortranarray(x))
np.save(corpus / "npy" / "bad_half.npy", x.astype("<f2"))
np.save(corpus / "npy" / "bad_objects.npy", np.array([None, "a"], dtype=object))
np.save(corpus / "npy" / "bad_fields.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
np.savez(corpus / "npz" / "good_stored.npz", x=x, y=y)
np.savez_compressed(corpus / "npz" / "good_packed.npz", x=x)
packed = (corpus / "npz" / "good_packed.npz").read_bytes()
(corpus / "npz" / "bad_checksum.npz").write_bytes(packed.replace(packed[14:18], b"\0\0\0\0"))


def wav(form, channels, bits, data):
    chunk = struct.pack("<HHIIHH", form, channels, 8000, 8000 * channels * bits // 8, channels * bits // 8, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(chunk)) + chunk + b"LIST" + struct.pack("<I", 3) + b"abc\0" + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


(corpus / "wav" / "good_16").write_bytes(wav(1, 2, 16, struct.pack("<6h", 0, 32767, -32768, 1, 16384, -1)))
(corpus / "wav" / "good_float").write_bytes(wav(3, 1, 32, struct.pack("<3f", 0, 0.5, -1)))
(corpus / "wav" / "bad_law").write_bytes(wav(7, 1, 8, b"abc"))
(corpus / "wav" / "bad_24").write_bytes(wav(1, 1, 24, b"abcdef"))
(corpus / "wav" / "bad_part").write_bytes(wav(1, 2, 16, b"abcdef"))
