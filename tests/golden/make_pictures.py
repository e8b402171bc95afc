#!/usr/bin/python3
"""Writes the pictures of tests/fuzz/corpus/pictures, and pictures.safetensors: what their numbers are, and what PyTorch
makes of them in other sizes.

    /usr/bin/python3 tests/golden/make_pictures.py        (Debian 12: python3-torch)

PNG files are written by hand from zlib. JPEG files have blocks of one colour each, so that every decoder gives the
same.
"""
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent
CORPUS = HERE.parent / "fuzz" / "corpus" / "pictures"
golden = {}


def write(path, tensors):
    header = {"__metadata__": {"torch": torch.__version__, "script": Path(__file__).name}}
    blobs, offset = [], 0
    for name, value in tensors.items():
        array = np.asarray(value, dtype="<f8")
        blobs.append(array.tobytes())
        header[name] = {"dtype": "F64", "shape": list(array.shape), "data_offsets": [offset, offset + len(blobs[-1])]}
        offset += len(blobs[-1])
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def pack(rows, depth):
    """Samples [height, n] as rows of bytes, each behind filter 0."""
    out = b""
    for row in rows:
        bits = "".join(format(int(v), f"0{depth}b") for v in row)
        bits += "0" * (-len(bits) % 8)
        out += b"\0" + bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
    return out


def png(name, samples, kind, depth, extra=b"", interlaced=False, claim=None, spoilt=False, behind=b""):
    height, width = samples.shape[:2]
    flat = samples.reshape(height, width, -1)
    if interlaced:
        data = b""
        for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
                               (0, 1, 1, 2)):
            part = flat[y0::dy, x0::dx]
            if part.size:
                data += pack(part.reshape(part.shape[0], -1), depth)
    else:
        data = pack(flat.reshape(height, -1), depth)
    w, h = claim or (width, height)
    head = struct.pack(">IIBBBBB", w, h, depth, kind, 0, 0, int(interlaced))
    packed = zlib.compress(data, 9) + behind
    if spoilt:  # the last byte of the checksum of all pixels
        packed = packed[:-1] + bytes([packed[-1] ^ 1])
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    (CORPUS / name).write_bytes(file)
    return file


def marker(code, content):
    return struct.pack(">BBH", 255, code, len(content) + 2) + content


def jpeg(name, blocks, extra=b"", claim=None):
    """blocks [rows, columns, components]: levels of 8 x 8 pixels each. One table of 12 codes of 4 bits for the DC
    differences' sizes, one code of 1 bit for "no more" of the AC coefficients, quantisers of 1."""
    rows, columns, components = blocks.shape
    bits, last = "", [0] * components
    for block in blocks.reshape(-1, components):
        for c in range(components):
            dc = 8 * (int(block[c]) - 128)
            d, last[c] = dc - last[c], dc
            size = abs(d).bit_length()
            bits += format(size, "04b") + (format(d if d > 0 else d + (1 << size) - 1, f"0{size}b") if size else "") + "0"
    bits += "1" * (-len(bits) % 8)
    data = bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8)).replace(b"\xff", b"\xff\0")
    h, w = claim or (8 * rows, 8 * columns)
    file = b"\xff\xd8" + extra + marker(0xDB, b"\0" + b"\1" * 64)
    file += marker(0xC0, struct.pack(">BHHB", 8, h, w, components) + b"".join(bytes((c + 1, 0x11, 0)) for c in range(components)))
    file += marker(0xC4, b"\0" + bytes((0, 0, 0, 12)) + b"\0" * 12 + bytes(range(12)))
    file += marker(0xC4, b"\x10" + bytes((1,)) + b"\0" * 15 + b"\0")
    file += marker(0xDA, bytes((components,)) + b"".join(bytes((c + 1, 0)) for c in range(components)) + bytes((0, 63, 0)))
    file += data + b"\xff\xd9"
    (CORPUS / name).write_bytes(file)
    return file


def exif(orientation):
    tiff = b"MM\0*\0\0\0\x08\0\1" + struct.pack(">HHIHH", 0x112, 3, 1, orientation, 0) + b"\0\0\0\0"
    return marker(0xE1, b"Exif\0\0" + tiff)


def chw(samples):
    return np.asarray(samples, float).transpose(2, 0, 1)


def grey3(samples):
    return np.repeat(np.asarray(samples, float)[None], 3, 0)


def main():
    CORPUS.mkdir(exist_ok=True)
    rng = np.random.default_rng(1)
    rgb = rng.integers(0, 256, (7, 5, 3))
    file = png("good_rgb", rgb, 2, 8)
    golden["good_rgb"] = chw(rgb) / 255
    (CORPUS / "bad_checksum").write_bytes(file[:45] + b"\x55" + file[46:])
    (CORPUS / "bad_cut").write_bytes(file[:-12])
    golden["good_interlaced"] = chw(rgb) / 255
    png("good_interlaced", rgb, 2, 8, interlaced=True)
    g16 = rng.integers(0, 65536, (4, 6))
    png("good_grey16", g16, 0, 16)
    golden["good_grey16"] = grey3(g16) / 65535
    g1 = rng.integers(0, 2, (5, 11))
    png("good_grey1", g1, 0, 1)
    golden["good_grey1"] = grey3(g1)
    palette, index = rng.integers(0, 256, (6, 3)), rng.integers(0, 6, (5, 7))
    alpha = np.array([0, 100, 255, 255, 255, 255])
    png("good_palette", index, 3, 4, chunk(b"PLTE", bytes(palette.flatten().tolist())) + chunk(b"tRNS", bytes([0, 100])))
    a = (alpha[index] / 255)[..., None]
    golden["good_palette"] = chw(a * palette[index] / 255 + (1 - a))  # over white
    plte = chunk(b"PLTE", bytes(palette.flatten().tolist()))
    index[3, 2] = 6
    png("bad_index", index, 3, 4, plte)
    index[3, 2] = 5
    broken = chunk(b"tRNS", bytes([0, 100]))
    png("bad_transparency", index, 3, 4, plte + broken[:-1] + bytes([broken[-1] ^ 1]))
    png("bad_order", index, 3, 4, chunk(b"tRNS", bytes([0, 100])) + plte)
    png("bad_sum", rgb, 2, 8, spoilt=True)
    # what other chunks say, and bytes too many, do no harm
    png("good_extras", rgb, 2, 8, chunk(b"pHYs", b"abc") + chunk(b"gAMA", bytes(4)) + chunk(b"tIME", b"abc")[:-1] + b"!",
        behind=b"more")
    rgba = rng.integers(0, 65536, (3, 4, 4))
    png("good_rgba16", rgba, 6, 16)
    a = rgba[..., 3:] / 65535
    golden["good_rgba16"] = chw(a * rgba[..., :3] / 65535 + (1 - a) * np.array([0.25, 0.5, 0.75]))  # over that
    png("bad_claim.png", rgb, 2, 8, claim=(60000, 60000))
    png("bad_short.png", rgb, 2, 8, claim=(200, 200))

    levels = rng.integers(0, 256, (2, 3, 1))
    full = np.repeat(np.repeat(levels[..., 0], 8, 0), 8, 1)
    file = jpeg("good_grey", levels)
    golden["good_grey"] = grey3(full) / 255
    (CORPUS / "bad_end").write_bytes(file[:-2])
    oriented = {2: full[:, ::-1], 3: full[::-1, ::-1], 4: full[::-1], 5: full.T, 6: np.rot90(full, -1),
              7: full[::-1, ::-1].T, 8: np.rot90(full)}
    for orientation, upright in oriented.items():
        jpeg(f"good_turned{orientation}", levels, exif(orientation))
        golden[f"good_turned{orientation}"] = grey3(upright) / 255
    ycc = rng.integers(90, 160, (2, 2, 3))
    jpeg("good_colour", ycc)
    y, cb, cr = (np.repeat(np.repeat(ycc[..., c].astype(float), 8, 0), 8, 1) for c in range(3))
    cb, cr = cb - 128, cr - 128
    golden["good_colour"] = np.clip(np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb]), 0, 255) / 255
    jpeg("bad_cmyk", rng.integers(0, 256, (1, 1, 4)))
    jpeg("bad_claim.jpeg", levels, claim=(60000, 60000))
    (CORPUS / "bad_gif").write_bytes(b"GIF89a\1\0\1\0\0\0\0;")

    x = torch.tensor(golden["good_rgb"], dtype=torch.float64)[None]
    for h, w in ((3, 2), (5, 3), (14, 15), (3, 9)):
        golden[f"antialias_{h}x{w}"] = torch.nn.functional.interpolate(x, (h, w), mode="bilinear", antialias=True)[0].numpy()
    golden["bilinear_14x15"] = torch.nn.functional.interpolate(x, (14, 15), mode="bilinear")[0].numpy()
    for h, w in ((1, 5), (7, 1)):  # where sizes divide
        golden[f"area_{h}x{w}"] = torch.nn.functional.interpolate(x, (h, w), mode="area")[0].numpy()
    # where they do not: each pixel written 3 x 2 times, of which blocks of 7 x 5 are the same parts
    fine = x.repeat_interleave(3, 2).repeat_interleave(2, 3)
    golden["area_3x2"] = torch.nn.functional.avg_pool2d(fine, (7, 5))[0].numpy()
    square = x[:, :, 1:6].repeat_interleave(3, 2).repeat_interleave(3, 3)  # the middle
    golden["crop_3x3"] = torch.nn.functional.avg_pool2d(square, (5, 5))[0].numpy()
    write(HERE / "pictures.safetensors", golden)


main()
