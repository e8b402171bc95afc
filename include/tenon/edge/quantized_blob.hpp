#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <tenon/edge/blob.hpp>
#include <tenon/edge/quantized.hpp>
#include <tenon/edge/quantized_digest.hpp>

/// A network's int8 numbers as bytes that lie somewhere: in a flash of their own, or received over the air.
/// `export_quantized_blob` writes them.
namespace tenon {

/// What a blob of int8 begins with; the bytes of an `edge::QuantizedTables<Net>` follow, at a multiple of 8. All
/// little-endian.
struct QuantizedBlobHeader {
  static constexpr std::uint32_t expected_magic = 0x3851'4e54;  // "TNQ8"

  std::uint32_t magic = expected_magic;
  std::uint32_t network = 0;   // `quantized_fingerprint`
  std::uint32_t length = 0;    // bytes after the header
  std::uint32_t checksum = 0;  // CRC-32 of them
};

/// A number that two networks share only if their parameters have the same names and shapes and they are computed in
/// the same int8 steps.
template <class Net>
inline constexpr std::uint32_t
    quantized_fingerprint = (network_fingerprint<Net> * 16777619U) ^ edge::plan_digest(edge::quantized_plan<Net>);

/// The tables where they lie; only if `status` is ok.
template <class Net>
struct OpenedQuantizedBlob {
  BlobStatus status = BlobStatus::no_blob;
  const edge::QuantizedTables<Net>* tables = nullptr;

  constexpr explicit operator bool() const { return status == BlobStatus::ok; }
};

/// Checks a blob and gives its tables where they lie:
///
///     const auto update = open_quantized<Net>(received);
///     if (!update) return report(describe(update.status));
///     Quantized<Net> net{*update.tables};
///
/// The bytes begin at a multiple of 8, and stay where they are as long as the network runs.
template <class Net>
OpenedQuantizedBlob<Net> open_quantized(std::span<const std::byte> bytes) {
  using Tables = edge::QuantizedTables<Net>;
  static_assert(alignof(Tables) <= 8 && sizeof(QuantizedBlobHeader) % 8 == 0);
  const BlobStatus status = detail::check_blob<QuantizedBlobHeader>(bytes, 8, quantized_fingerprint<Net>,
                                                                    sizeof(Tables));
  if (status != BlobStatus::ok) return {status};
  return {status, reinterpret_cast<const Tables*>(bytes.data() + sizeof(QuantizedBlobHeader))};
}

}  // namespace tenon
