#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/hidden.hpp>

namespace tenon {

/// The state of a training run on its way to a checkpoint file, or back. One function serves both ways:
///
///     void archive(Archive& a) {
///       a.value("bad_epochs", bad_epochs_);
///       a.values("best_weights", best_weights_);
///     }
///
/// Reading is done twice, first with `checking()`, when everything is looked for and nothing is changed: a
/// file that lacks something leaves all as it was. The second time asks for the same in the same order, which takes no
/// memory and cannot fail. Numbers come back bit for bit. The file is safetensors, with a checksum of all there is.
class Archive {
public:
  /// To be filled, and then saved.
  Archive();
  /// To be read. Throws what SafeTensors::read throws, and an Error where the file is no checkpoint, is one of another
  /// format, or is damaged.
  explicit Archive(const std::string& path);
  ~Archive();
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  bool writing() const;
  bool checking() const;
  /// The second reading: from now on what is read is also set.
  void commit();
  /// Writes the file atomically. The numbers that `tensor` was given have to be there still.
  void save(const std::string& path) const;

  static constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();

  void value(std::string_view name, double& value);
  /// An Error where the file has more than `most`.
  void value(std::string_view name, std::uint64_t& value, std::uint64_t most = any);
  void value(std::string_view name, bool& value);
  /// As many as there were.
  void values(std::string_view name, std::vector<double>& values);
  /// Reading, and while checking too: what `values` would bring, to be looked at first.
  std::span<const double> list(std::string_view name);
  void tensor(std::string_view name, std::span<const size_t> shape, std::span<float> values);
  void tensor(std::string_view name, std::span<const size_t> shape, std::span<double> values);
  /// A setting that the run goes on with: reading, an Error where the file has another one.
  void same(std::string_view name, std::uint64_t value);
  /// The same where a file may say nothing, which means `absent`; nothing is written then either.
  void same_or(std::string_view name, std::uint64_t value, std::uint64_t absent);
  void same_number(std::string_view name, double value);
  void same_text(std::string_view name, std::string_view value);
  /// Reading: what the file has under this name, for a comparison of one's own.
  const std::string& text(std::string_view name) const;
  /// An Error that names the file: "expected <expected> as "<name>", got <got>".
  [[noreturn]] void refuse(std::string_view name, const std::string& expected, const std::string& got) const;
  /// The same in words of one's own.
  [[noreturn]] void refuse(const std::string& sentence) const;

  /// Puts "prefix." before every name until the end of the scope.
  class Scope {
  public:
    Scope(Archive& archive, std::string_view prefix);
    /// "prefix.number."
    Scope(Archive& archive, std::string_view prefix, size_t number);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

  private:
    Archive& archive_;
    size_t length_;
  };

private:
  struct Contents;
  detail::Hidden<Contents> contents_;
};

}  // namespace tenon
