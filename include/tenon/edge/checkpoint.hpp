#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include <tenon/edge/blob.hpp>
#include <tenon/edge/checksum.hpp>

/// What a learner has learned, kept in two slots of flash. The slot that does not hold the newest checkpoint is
/// written, its header last, so that after a power cut at any byte the next start finds either the checkpoint before or
/// the new one, whole.
namespace tenon::edge {

/// A flash of two slots, each erased as a whole to bytes 0xff and written once after that. `slot(i)` are the bytes of
/// slot i where they can be read; `erase` and `write` say whether they have worked. Offsets and lengths of writes are
/// multiples of 8.
template <class F>
concept FlashSlots = requires(F& flash, unsigned slot, size_t offset, std::span<const std::byte> bytes) {
  { flash.slot(slot) } -> std::convertible_to<std::span<const std::byte>>;
  { flash.erase(slot) } -> std::convertible_to<bool>;
  { flash.write(slot, offset, bytes) } -> std::convertible_to<bool>;
};

/// How saving to flash, or finding what was saved, ended.
enum class CheckpointStatus : std::uint8_t { ok, none, too_small, not_erased, not_written };

/// The status in words.
constexpr std::string_view describe(CheckpointStatus status) {
  switch (status) {
  case CheckpointStatus::ok:
    return "ok";
  case CheckpointStatus::none:
    return "no slot holds a whole checkpoint of this learner";
  case CheckpointStatus::too_small:
    return "a slot is smaller than a checkpoint";
  case CheckpointStatus::not_erased:
    return "a slot could not be erased";
  case CheckpointStatus::not_written:
    return "a slot does not hold what was written";
  }
  return "";
}

/// What a slot begins with; parameters and the optimizer's arrays follow. All little-endian.
struct CheckpointHeader {
  static constexpr std::uint32_t expected_magic = 0x314b4e54;  // "TNK1"

  std::uint32_t magic = expected_magic;
  std::uint32_t network = 0;   // `network_fingerprint`, and how many arrays the optimizer has
  std::uint32_t length = 0;    // bytes after the header
  std::uint32_t sequence = 0;  // one more in each checkpoint
  std::uint64_t steps = 0;
  std::uint32_t body = 0;      // CRC-32 of those bytes
  std::uint32_t checksum = 0;  // CRC-32 of the header before
};
static_assert(sizeof(CheckpointHeader) == 32);

namespace detail {

template <class Learner>
inline constexpr std::uint32_t learner_fingerprint = (network_fingerprint<typename Learner::network> ^
                                                      static_cast<std::uint32_t>(Learner::states)) *
                                                     16777619U;

inline std::uint32_t checksum_of(const CheckpointHeader& header) {
  return crc32(std::as_bytes(std::span(&header, 1)).first(offsetof(CheckpointHeader, checksum)));
}

/// The header of a whole checkpoint of this learner, if the slot holds one.
template <class Learner>
bool read_header(std::span<const std::byte> slot, CheckpointHeader& header) {
  constexpr size_t length = Learner::checkpoint_bytes - sizeof header;
  if (slot.size() < Learner::checkpoint_bytes) return false;
  std::memcpy(&header, slot.data(), sizeof header);
  return header.magic == CheckpointHeader::expected_magic && header.checksum == checksum_of(header) &&
         header.network == learner_fingerprint<Learner> && header.length == length &&
         header.body == crc32(slot.subspan(sizeof header, length));
}

/// The slot of the newest whole checkpoint, or -1.
template <class Learner, FlashSlots F>
int newest_slot(F& flash, CheckpointHeader& header) {
  CheckpointHeader found[2];
  bool whole[2]{};
  for (unsigned i = 0; i < 2; ++i) whole[i] = read_header<Learner>(flash.slot(i), found[i]);
  if (!whole[0] && !whole[1]) return -1;
  const bool second = whole[1] && (!whole[0] || static_cast<std::int32_t>(found[1].sequence - found[0].sequence) > 0);
  header = found[second ? 1 : 0];
  return second ? 1 : 0;
}

}  // namespace detail

/// Keeps what a learner has learned, as it was after its last step, in the slot that holds the older checkpoint:
///
///     const auto status = save_checkpoint(learner, flash);
///     if (status != CheckpointStatus::ok) report(describe(status));
///
/// The numbers are written first and the header with their checksum last; then both are read back.
template <class Learner, FlashSlots F>
CheckpointStatus save_checkpoint(const Learner& learner, F& flash) {
  static_assert(std::endian::native == std::endian::little, "checkpoints are little-endian");
  CheckpointHeader before, header;
  const int newest = detail::newest_slot<Learner>(flash, before);
  const unsigned slot = newest == 0 ? 1 : 0;
  if (std::span<const std::byte>(flash.slot(slot)).size() < Learner::checkpoint_bytes)
    return CheckpointStatus::too_small;
  const auto parameters = std::as_bytes(learner.parameters()), state = std::as_bytes(learner.optimizer_state());
  header.network = detail::learner_fingerprint<Learner>;
  header.length = static_cast<std::uint32_t>(parameters.size() + state.size());
  header.sequence = newest < 0 ? 1 : before.sequence + 1;
  header.steps = learner.steps();
  header.body = crc32(state, crc32(parameters));
  header.checksum = detail::checksum_of(header);
  if (!flash.erase(slot)) return CheckpointStatus::not_erased;
  if (!flash.write(slot, sizeof header, parameters)) return CheckpointStatus::not_written;
  if (!state.empty() && !flash.write(slot, sizeof header + parameters.size(), state))
    return CheckpointStatus::not_written;
  if (!flash.write(slot, 0, std::as_bytes(std::span(&header, 1)))) return CheckpointStatus::not_written;
  CheckpointHeader now;
  return detail::read_header<Learner>(flash.slot(slot), now) && now.sequence == header.sequence
             ? CheckpointStatus::ok
             : CheckpointStatus::not_written;
}

/// Goes on from the newest whole checkpoint. Without one the learner stays as it is.
template <class Learner, FlashSlots F>
CheckpointStatus load_checkpoint(Learner& learner, F& flash) {
  CheckpointHeader header;
  const int slot = detail::newest_slot<Learner>(flash, header);
  if (slot < 0) return CheckpointStatus::none;
  const std::span<const std::byte> bytes = flash.slot(static_cast<unsigned>(slot));
  const std::span<float> parameters = learner.parameters(), state = learner.optimizer_state();
  std::memcpy(parameters.data(), bytes.data() + sizeof header, parameters.size_bytes());
  if (!state.empty())
    std::memcpy(state.data(), bytes.data() + sizeof header + parameters.size_bytes(), state.size_bytes());
  learner.resume(header.steps);
  return CheckpointStatus::ok;
}

}  // namespace tenon::edge
