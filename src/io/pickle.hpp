#pragma once

#include <tenon/io/dtype.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What torch.save writes as data.pkl: a pickle of protocol 2 that builds dictionaries, lists, plain values and
/// tensors. Only that is understood. A pickle is a program; of what such a program may call, this knows five names,
/// which stand for empty dictionaries, storages and tensors, and refuses all others. Nothing is executed.
namespace tenon::detail {

/// One of a storage's numbers, `stride[i]` apart in axis i.
struct StridedTensor {
  std::size_t storage;
  std::size_t offset;
  std::vector<std::size_t> shape, strides;
};

/// A storage of one type: the archive's file data/KEY.
struct Storage {
  std::string_view key;
  DType dtype;
  std::size_t count;
};

/// A tensor and where it lies in the dictionaries: their keys, with dots between, and numbers in lists.
struct NamedTensor {
  std::string name;
  StridedTensor tensor;
};

struct PickledTensors {
  std::vector<Storage> storages;
  std::vector<NamedTensor> tensors;
};

/// Reads it in memory of at most 256 times its bytes. Values that are no tensors are left out. `origin`: the
/// file, for messages.
PickledTensors read_tensor_pickle(std::span<const std::byte> pickle, std::string_view origin);

}  // namespace tenon::detail
