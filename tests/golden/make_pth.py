"""weights.pth and nested.pth as torch.save writes them, and the fuzz corpus of .pth files, by a writer of its own.

    /usr/bin/python3 tests/golden/make_pth.py
"""
import collections
import io
import pathlib
import struct
import zipfile

import torch

here = pathlib.Path(__file__).parent
corpus = here.parent / "fuzz" / "corpus" / "pth"
corpus.mkdir(exist_ok=True)

# A state_dict with each way in which numbers may lie; entry i of a tensor with n numbers is i / 4 - 1.
counted = lambda *shape: torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape) / 4 - 1
table = counted(4, 6)
weights = collections.OrderedDict(
    [
        ("0.weight", counted(3, 2).t()),  # transposed: (2, 3)
        ("0.bias", table[1, ::3]),  # within another's storage: 0.5, 1.25
        ("half", counted(5).half()),
        ("bfloat16", counted(5).bfloat16()),
        ("double", counted(2, 1, 2).double().permute(2, 1, 0)),
        ("1.num_batches_tracked", torch.tensor(7)),
        ("int", torch.tensor([-70000, 3], dtype=torch.int32)),
        ("short", torch.tensor([-300], dtype=torch.int16)),
        ("char", torch.tensor([-3], dtype=torch.int8)),
        ("byte", torch.tensor([200], dtype=torch.uint8)),
        ("bool", torch.tensor([True, False])),
        ("repeated", torch.tensor([1.5, 2.5])[:, None].expand(2, 3)),
        ("parameter", torch.nn.Parameter(counted(2))),
        ("table", table),
        ("none", torch.zeros(0, 3)),
    ]
)
torch.save(weights, here / "weights.pth")

torch.manual_seed(1)
net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
for k, (name, value) in enumerate(net.state_dict().items()):
    value.fill_(k)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
net(torch.ones(3, 2)).sum().backward()
optimizer.step()
for k, (name, value) in enumerate(net.state_dict().items()):
    value.fill_(k)
torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "best": 0.5, "note": "x" * 3, "big": 1 << 70, "none": None}, here / "nested.pth")


def archive(files, **options):
    """A zip as torch.save makes it, without its gaps."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as z:
        for name, data in files:
            z.writestr(zipfile.ZipInfo("a/" + name), data, **options)
    return out.getvalue()


def text(s):
    return b"X" + struct.pack("<I", len(s)) + s.encode()


def tensor(key, kind="FloatStorage", count=4, offset=0, size=(2, 2), stride=(2, 1)):
    number = lambda n: b"J" + struct.pack("<i", n)
    whole = lambda numbers: b"(" + b"".join(number(n) for n in numbers) + b"t"
    storage = b"(" + text("storage") + b"ctorch\n" + kind.encode() + b"\n" + text(key) + text("cpu") + number(count) + b"tQ"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(offset) + whole(size) + whole(stride) + b"\x89ccollections\nOrderedDict\n)RtR"


def pickled(**tensors):
    return b"\x80\x02}(" + b"".join(text(name) + value for name, value in tensors.items()) + b"u."


four = struct.pack("<4f", 1, 2, 3, 4)
write = lambda name, data: (corpus / name).write_bytes(data)
good = archive([("data.pkl", pickled(w=tensor("0"), t=tensor("0", stride=(1, 2)))), ("data/0", four), ("version", "3\n")])
write("good_views", good)
small = io.BytesIO()
torch.save({"model": {"w": torch.ones(2).half()}, "epoch": 1}, small)
write("good_torch", small.getvalue())
write("bad_call", archive([("data.pkl", b"\x80\x02}X\x01\0\0\0wcposix\nsystem\nX\x04\0\0\0true\x85Rs."), ("data/0", four)]))
write("bad_packed", archive([("data.pkl", pickled(w=tensor("0"))), ("data/0", four * 9)], compress_type=zipfile.ZIP_DEFLATED))
write("bad_beyond", archive([("data.pkl", pickled(w=tensor("0", offset=1))), ("data/0", four)]))
write("bad_size", archive([("data.pkl", pickled(w=tensor("0", count=5))), ("data/0", four)]))
write("bad_storage", archive([("data.pkl", pickled(w=tensor("1"))), ("data/0", four)]))
write("bad_number", archive([("data.pkl", pickled(w=tensor("0", kind="QInt8Storage"))), ("data/0", four)]))
write("bad_huge", archive([("data.pkl", pickled(w=tensor("0", size=(1 << 30, 1 << 30), stride=(0, 0)))), ("data/0", four)]))
write("bad_cycle", archive([("data.pkl", b"\x80\x02}q\0X\x01\0\0\0dh\0s.")]))
write("bad_order", archive([("data.pkl", pickled(w=tensor("0"))), ("data/0", four), ("byteorder", "big")]))
write("bad_script", archive([("data.pkl", pickled(w=tensor("0"))), ("data/0", four), ("constants.pkl", b"\x80\x02).")]))
write("bad_checksum", good.replace(four, four[::-1]))
overlap = bytearray(good)
second = overlap.rfind(b"PK\x01\x02", 0, overlap.rfind(b"PK\x01\x02"))  # data/0 in the directory: where data.pkl is
overlap[second + 42 : second + 46] = b"\0\0\0\0"
write("bad_overlap", bytes(overlap))
old = io.BytesIO()
torch.save(torch.ones(2), old, _use_new_zipfile_serialization=False)
write("bad_old", old.getvalue())
