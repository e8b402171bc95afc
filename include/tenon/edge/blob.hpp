#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include <tenon/edge/checksum.hpp>
#include <tenon/edge/weights.hpp>
#include <tenon/net/parameters.hpp>

/// Weights as bytes that lie somewhere: linked in, memory-mapped, received. `export_blob` writes
/// them; a firmware that cannot throw gets a message.
namespace tenon {

/// What a blob begins with; the bytes of a `Weights<Net>` follow. All little-endian.
struct BlobHeader {
  static constexpr std::uint32_t expected_magic = 0x314e4e54;  // "TNN1"

  std::uint32_t magic = expected_magic;
  std::uint32_t network = 0;   // `network_fingerprint`
  std::uint32_t length = 0;    // bytes after the header
  std::uint32_t checksum = 0;  // CRC-32 of them
};

/// A number that two networks share only if their parameters have the same names and shapes.
template <class Net>
inline constexpr std::uint32_t network_fingerprint = [] {
  std::uint32_t hash = 2166136261U;  // FNV-1a
  const auto take = [&hash](std::uint32_t value) { hash = (hash ^ value) * 16777619U; };
  for (const ParameterEntry& entry : parameter_table<Net>) {
    for (const char c : entry.name) take(static_cast<unsigned char>(c));
    for (size_t i = 0; i < entry.rank; ++i) take(static_cast<std::uint32_t>(entry.dims[i]));
  }
  return hash;
}();

/// What opening a blob found.
enum class BlobStatus : std::uint8_t { ok, misaligned, too_short, no_blob, other_network, wrong_length, damaged };

/// The status in words.
constexpr std::string_view describe(BlobStatus status) {
  switch (status) {
  case BlobStatus::ok:
    return "ok";
  case BlobStatus::misaligned:
    return "the blob's address is no multiple of 4, or of 8 in int8";
  case BlobStatus::too_short:
    return "the blob is shorter than its header";
  case BlobStatus::no_blob:
    return "the bytes do not begin as weights do";
  case BlobStatus::other_network:
    return "the blob holds the weights of another network";
  case BlobStatus::wrong_length:
    return "the blob is shorter or longer than the network's weights";
  case BlobStatus::damaged:
    return "the blob's checksum is wrong";
  }
  return "";
}

/// A network on the numbers of a blob; `net` is there where `status` is ok.
template <class Net>
struct OpenedBlob {
  BlobStatus status = BlobStatus::no_blob;
  const Weights<Net>* weights = nullptr;  // only if ok

  constexpr explicit operator bool() const { return status == BlobStatus::ok; }
};

namespace detail {

/// Whether `length` bytes for a network lie behind a header, whole, at a multiple of `alignment`.
template <class Header>
BlobStatus check_blob(std::span<const std::byte> bytes, size_t alignment, std::uint32_t network, size_t length) {
  static_assert(std::endian::native == std::endian::little, "blobs are little-endian");
  if (std::bit_cast<std::uintptr_t>(bytes.data()) % alignment != 0) return BlobStatus::misaligned;
  Header header;
  if (bytes.size() < sizeof header) return BlobStatus::too_short;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != Header::expected_magic) return BlobStatus::no_blob;
  if (header.network != network) return BlobStatus::other_network;
  const std::span<const std::byte> rest = bytes.subspan(sizeof header);
  if (header.length != length || rest.size() != length) return BlobStatus::wrong_length;
  return crc32(rest) == header.checksum ? BlobStatus::ok : BlobStatus::damaged;
}

}  // namespace detail

/// Checks a blob and gives the weights where they lie:
///
///     const auto blob = open_weights<Net>(bytes);
///     if (!blob) return report(describe(blob.status));
///     Frozen<Net> net{*blob.weights};
template <class Net>
OpenedBlob<Net> open_weights(std::span<const std::byte> bytes) {
  const BlobStatus status = detail::check_blob<BlobHeader>(bytes, alignof(Weights<Net>), network_fingerprint<Net>,
                                                           sizeof(Weights<Net>));
  if (status != BlobStatus::ok) return {status};
  return {status, reinterpret_cast<const Weights<Net>*>(bytes.data() + sizeof(BlobHeader))};
}

}  // namespace tenon
