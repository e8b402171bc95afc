#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <tenon/io/safetensors.hpp>

namespace tenon {

/// The tensors that torch.save has written (.pth, .pt), as `torch.save(model.state_dict(), path)`.
///
/// The file is a zip archive that packs nothing: a pickle, which says what there is, and the storages, which are
/// numbers. A pickle is a program, and Python runs what it says; here nothing is executed. A small reader knows
/// dictionaries, lists, plain values, storages, tensors (views of them with strides too, which are copied in order)
/// and Parameters, and refuses whatever else it is to use by its name, such as "numpy.core.multiarray.scalar".
///
/// A tensor in nested dictionaries is called after all their keys: {"model": state_dict, "epoch": 3} has
/// "model.0.weight", and LoadOptions{.prefix = "model."} loads that. A list's members are numbered. What is no tensor
/// is left out.
///
/// Error: a file before PyTorch 1.6 (a pickle without an archive), a TorchScript archive, big-endian, packed or
/// encrypted entries, a wrong checksum, entries over one another, storages of another size than stated, tensors beyond
/// their storage, one name twice, quantised and complex numbers; and a file that is cut off. Reading takes at most
/// five times the file's bytes and 1 MB, and 256 times the bytes of the pickle. Tensors may share a storage, or
/// repeat numbers of it, up to that. The format: torch/serialization.py and torch/_utils.py of PyTorch.
SafeTensors read_pth(const std::string& path);

/// The same for a file that is already in memory; `origin` names it in errors.
SafeTensors parse_pth(std::span<const std::byte> file, std::string origin);

}  // namespace tenon
