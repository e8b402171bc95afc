#include <tenon/io/pth.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include <tenon/error.hpp>

#include "input_file.hpp"
#include "pickle.hpp"
#include "stored_zip.hpp"
#include "words.hpp"

namespace tenon {

namespace {

using detail::StoredZip;
using detail::StridedTensor;

constexpr const char* what = ".pth file";
constexpr std::size_t free_bytes = std::size_t{1} << 20, most_copies = 4;

[[noreturn]] void fail(const std::string& origin, const std::string& expected) {
  throw Error(fmt::format("{}: bad {}: expected {}", origin, what, expected));
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The files lie in a folder that is called as the user's file was.
std::string folder_of(const StoredZip& zip, const std::string& origin) {
  for (const StoredZip::Entry& entry : zip.entries()) {
    if (!entry.name.ends_with("/data.pkl")) continue;
    const std::string folder(entry.name.substr(0, entry.name.size() - 8));
    if (zip.find(folder + "constants.pkl") != nullptr)
      throw Error(fmt::format("{}: a TorchScript archive is not supported: save model.state_dict()", origin));
    if (const auto* order = zip.find(folder + "byteorder"); order != nullptr && text_of(order->bytes) != "little")
      throw Error(fmt::format("{}: numbers in the order {} are not supported", origin,
                              detail::quoted_text(text_of(order->bytes))));
    return folder;
  }
  fail(origin, "an archive with a data.pkl, as torch.save writes it, got one without");
}

/// a * b, or all that there is.
std::size_t times(std::size_t a, std::size_t b) {
  std::size_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? ~std::size_t{0} : product;
}
std::size_t plus(std::size_t a, std::size_t b) { return a > ~std::size_t{0} - b ? ~std::size_t{0} : a + b; }

/// The bytes of its numbers, if all of them lie in the storage.
std::size_t checked_bytes(const detail::NamedTensor& named, const detail::Storage& storage, const std::string& origin) {
  const StridedTensor& tensor = named.tensor;
  std::size_t count = 1, last = tensor.offset;
  for (const std::size_t n : tensor.shape) count = times(count, n);
  if (std::ranges::find(tensor.shape, std::size_t{0}) != tensor.shape.end()) return 0;
  for (std::size_t k = 0; k < tensor.shape.size(); ++k)
    last = plus(last, times(tensor.shape[k] - 1, tensor.strides[k]));
  if (last >= storage.count)
    fail(origin, fmt::format("{} within the {} numbers of its storage {}, got number {}",
                             detail::quoted_text(named.name), storage.count, detail::quoted_text(storage.key), last));
  return times(count, dtype_bits(storage.dtype) / 8);
}

/// The numbers in the order of their places in the tensor.
void copy(const StridedTensor& tensor, std::span<const std::byte> storage, std::size_t width,
          std::span<std::byte> out) {
  if (out.empty()) return;
  // what lies in one piece at the end: runs of `run` bytes
  std::size_t axes = tensor.shape.size(), run = width;
  while (axes > 0 && (tensor.shape[axes - 1] == 1 || tensor.strides[axes - 1] * width == run))
    run *= tensor.shape[--axes];
  std::array<std::size_t, 64> place{};
  std::size_t from = tensor.offset * width;
  for (std::size_t to = 0;;) {
    std::memcpy(out.data() + to, storage.data() + from, run);
    to += run;
    if (to == out.size()) return;
    std::size_t k = axes - 1;
    for (; ++place[k] == tensor.shape[k]; --k) {
      from -= (tensor.shape[k] - 1) * tensor.strides[k] * width;
      place[k] = 0;
    }
    from += tensor.strides[k] * width;
  }
}

}  // namespace

SafeTensors parse_pth(std::span<const std::byte> file, std::string origin) {
  const std::string path = origin;
  return detail::within_memory(path, [&] {
    const std::string seems = detail::seems_to_be(file.first(std::min(file.size(), detail::telling_bytes)));
    if (!text_of(file).starts_with("PK"))
      fail(path, fmt::format("a zip archive, as torch.save writes it since PyTorch 1.6, got {}{}",
                             file.empty()    ? "nothing"
                             : seems.empty() ? "something else"
                                             : seems,
                             seems.starts_with("a Python pickle") ? ": load it and save it again with PyTorch" : ""));
    const StoredZip zip(file, path, what);
    const std::string folder = folder_of(zip, path);
    const StoredZip::Entry& pickle = *zip.find(folder + "data.pkl");
    zip.check(pickle);
    const detail::PickledTensors found = detail::read_tensor_pickle(pickle.bytes, path);

    std::vector<std::span<const std::byte>> storages;
    std::set<const StoredZip::Entry*> checked;
    for (const detail::Storage& storage : found.storages) {
      const std::string name = fmt::format("{}data/{}", folder, storage.key);
      const StoredZip::Entry* entry = zip.find(name);
      if (entry == nullptr) fail(path, fmt::format("the file {} in its archive, got none", detail::quoted_text(name)));
      if (const std::size_t bytes = times(storage.count, dtype_bits(storage.dtype) / 8); bytes != entry->bytes.size())
        fail(path, fmt::format("{} bytes of {}, got {}", bytes, detail::quoted_text(name), entry->bytes.size()));
      if (checked.insert(entry).second) zip.check(*entry);
      storages.push_back(entry->bytes);
    }

    SafeTensors result;
    result.origin_ = std::move(origin);
    const std::size_t most = std::max(free_bytes, times(most_copies, file.size()));
    std::size_t all = 0;
    for (const detail::NamedTensor& named : found.tensors) {
      const detail::Storage& storage = found.storages[named.tensor.storage];
      const std::size_t bytes = checked_bytes(named, storage, path);
      if (bytes > most - all)
        fail(path, fmt::format("tensors of at most {} bytes together ({} times its size, or 1 MB), got more with {}",
                               most, most_copies, detail::quoted_text(named.name)));
      result.tensors_.push_back({named.name, storage.dtype, named.tensor.shape, all, bytes});
      all += bytes;
    }
    result.index();
    const auto twice = std::ranges::adjacent_find(result.by_name_, [&](std::size_t a, std::size_t b) {
      return result.tensors_[a].name == result.tensors_[b].name;
    });
    if (twice != result.by_name_.end())
      fail(path, fmt::format("each name once, got {} twice", detail::quoted_text(result.tensors_[*twice].name)));
    result.data_.resize(all);
    for (std::size_t k = 0; k < found.tensors.size(); ++k) {
      const StridedTensor& tensor = found.tensors[k].tensor;
      const TensorInfo& info = result.tensors_[k];
      copy(tensor, storages[tensor.storage], dtype_bits(info.dtype) / 8,
           std::span(result.data_).subspan(info.offset, info.bytes));
    }
    return result;
  });
}

SafeTensors read_pth(const std::string& path) {
  const std::string content = detail::read_file(path, "a .pth file");
  return parse_pth(std::as_bytes(std::span(content)), path);
}

SafeTensors read_tensors(const std::string& path) {
  std::array<char, 9> begin{};
  {
    detail::InputFile file(path, "a file of weights");
    file.read(std::as_writable_bytes(std::span(begin).first(std::min(begin.size(), file.size()))));
  }
  const std::string_view text(begin.data(), begin.size());
  // a header's length may begin as a zip archive does: behind it stands what is no method of packing
  const bool is_zip = text.starts_with("PK\x03\x04") && text[8] != '{';
  const bool is_called_so = (path.ends_with(".pth") || path.ends_with(".pt")) && text[8] != '{';
  return is_zip || is_called_so ? read_pth(path) : SafeTensors::read(path);
}

}  // namespace tenon
