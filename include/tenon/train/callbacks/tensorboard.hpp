#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <tenon/hidden.hpp>
#include <tenon/options.hpp>
#include <tenon/train/history.hpp>

namespace tenon {

/// An event file that TensorBoard reads: TFRecord frames (length, masked CRC-32C, data, masked CRC-32C) around
/// protocol-buffer Events with scalars. It is made in `directory`, which is made where it is missing; every record
/// is written through at once.
class EventFile {
public:
  explicit EventFile(const std::string& directory);
  ~EventFile();
  EventFile(EventFile&&) noexcept;
  EventFile& operator=(EventFile&&) noexcept;

  void scalar(std::string_view tag, double value, std::uint64_t step);
  const std::string& path() const;

private:
  struct State;
  detail::Hidden<State> state_;
};

/// Writes `loss`, `accuracy`, `val_loss`, `val_accuracy`, `lr` and the metrics of every epoch, and with `every_steps`
/// the loss of the batch as `batch_loss`: `tensorboard --logdir runs`.
/// Keras: TensorBoard. PyTorch: SummaryWriter.
///
///     fit(model, train, Fit{.epochs = 50, .validation = test, .callbacks = callbacks(TensorBoard{"runs/1"})});
struct TensorBoard {
  std::string directory;
  std::uint64_t every_steps = 0;

  std::shared_ptr<EventFile> file{};

  static constexpr void each_option(auto& o, auto visit) { visit("directory", o.directory, not_empty); }
  void on_train_begin(auto& run) {
    if (run.leads()) file = std::make_shared<EventFile>(directory);
  }
  void on_step_end(auto& run) const {
    if (file && every_steps > 0 && run.step() % every_steps == 0)
      file->scalar("batch_loss", run.batch_loss(), run.step());
  }
  void on_epoch_end(auto& run) const {
    if (file) write(run.record());
  }

private:
  void write(const EpochRecord& record) const;
};

namespace detail {

/// CRC-32C (Castagnoli), of "123456789": 0xE3069283.
std::uint32_t crc32c(std::span<const std::byte> bytes);

}  // namespace detail
}  // namespace tenon
