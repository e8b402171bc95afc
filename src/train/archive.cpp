#include <tenon/train/archive.hpp>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <optional>

#include <fmt/format.h>

#include <tenon/error.hpp>
#include <tenon/io/safetensors.hpp>

namespace tenon {

namespace {

constexpr const char* format_key = "format";
constexpr const char* format_name = "tenon.training.1";

}  // namespace

struct Archive::Contents {
  std::optional<SafeTensors> file{};  // none: writing
  bool committed = false;
  std::string prefix{};
  std::vector<TensorView> tensors{};
  TensorMetadata numbers{};
  std::deque<std::vector<double>> lists{};  // copies, which live until `save`

  std::string full(std::string_view name) const { return prefix + std::string(name); }

  void put(std::string_view name, std::string text) { numbers.insert_or_assign(full(name), std::move(text)); }
  const std::string& text_of(std::string_view name) const {
    const auto found = file->metadata().find(full(name));
    if (found == file->metadata().end())
      throw Error(fmt::format("{}: expected a checkpoint of this training run, but it has no \"{}\"", file->origin(), full(name)));
    return found->second;
  }
  [[noreturn]] void malformed(std::string_view name, const std::string& text) const {
    throw Error(fmt::format("{}: expected a number as \"{}\", got \"{}\"", file->origin(), full(name), text));
  }
  const TensorInfo& info_of(std::string_view name) const {
    const TensorInfo* info = file->find(full(name));
    if (!info)
      throw Error(fmt::format("{}: expected a checkpoint of this training run, but it has no tensor \"{}\"", file->origin(), full(name)));
    return *info;
  }

  template <class T>
  void tensor(std::string_view name, std::span<const std::size_t> shape, std::span<T> values) {
    if (!file) {
      tensors.emplace_back(full(name), std::vector(shape.begin(), shape.end()), std::span<const T>(values));
      return;
    }
    const TensorInfo& info = info_of(name);
    constexpr DType expected = sizeof(T) == sizeof(float) ? DType::f32 : DType::f64;
    if (!std::equal(shape.begin(), shape.end(), info.shape.begin(), info.shape.end()) || info.dtype != expected)
      throw Error(fmt::format("{}: expected \"{}\" as ({}) of {}, got ({}) of {}", file->origin(), full(name),
                              fmt::join(shape, ", "), dtype_name(expected), fmt::join(info.shape, ", "), dtype_name(info.dtype)));
    if (committed) file->copy_to(info, values);
  }
};

Archive::Archive() : contents_(std::make_unique<Contents>()) { contents_->numbers[format_key] = format_name; }

Archive::Archive(const std::string& path) : contents_(std::make_unique<Contents>()) {
  contents_->file = SafeTensors::read(path);
  const auto& metadata = contents_->file->metadata();
  const auto format = metadata.find(format_key);
  if (format == metadata.end() || format->second != format_name)
    throw Error(fmt::format("{}: expected a training checkpoint (format \"{}\"), got {}", path, format_name,
                            format == metadata.end() ? "a file without a format" : "format \"" + format->second + "\""));
}

Archive::~Archive() = default;

bool Archive::writing() const { return !contents_->file; }
bool Archive::checking() const { return contents_->file && !contents_->committed; }
void Archive::commit() { contents_->committed = true; }
void Archive::save(const std::string& path) const { write_safetensors(path, contents_->tensors, contents_->numbers); }

void Archive::value(std::string_view name, double& value) {
  if (writing()) return contents_->put(name, fmt::format("{:a}", value));
  const std::string& text = contents_->text_of(name);
  char* end = nullptr;
  const double read = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') contents_->malformed(name, text);
  if (contents_->committed) value = read;
}

void Archive::value(std::string_view name, std::uint64_t& value) {
  if (writing()) return contents_->put(name, std::to_string(value));
  const std::string& text = contents_->text_of(name);
  char* end = nullptr;
  const std::uint64_t read = std::strtoull(text.c_str(), &end, 10);
  if (text.empty() || text[0] < '0' || text[0] > '9' || *end != '\0') contents_->malformed(name, text);
  if (contents_->committed) value = read;
}

void Archive::value(std::string_view name, bool& value) {
  std::uint64_t number = value ? 1 : 0;
  this->value(name, number);
  value = number != 0;
}

void Archive::values(std::string_view name, std::vector<double>& values) {
  if (writing()) {
    const std::size_t size = values.size();
    return contents_->tensor(name, {&size, 1}, std::span<double>(contents_->lists.emplace_back(values)));
  }
  const TensorInfo& info = contents_->info_of(name);
  if (info.shape.size() != 1)
    throw Error(fmt::format("{}: expected \"{}\" to be a list of numbers, got shape ({})", contents_->file->origin(),
                            contents_->full(name), fmt::join(info.shape, ", ")));
  if (contents_->committed) values.resize(info.shape[0]);
  std::vector<double> none;
  const std::size_t size = info.shape[0];
  contents_->tensor(name, {&size, 1}, contents_->committed ? std::span<double>(values) : std::span<double>(none));
}

void Archive::tensor(std::string_view name, std::span<const std::size_t> shape, std::span<float> values) {
  contents_->tensor(name, shape, values);
}
void Archive::tensor(std::string_view name, std::span<const std::size_t> shape, std::span<double> values) {
  contents_->tensor(name, shape, values);
}

void Archive::same(std::string_view name, std::uint64_t value) {
  if (writing()) return contents_->put(name, std::to_string(value));
  const std::string& text = contents_->text_of(name);
  if (text != std::to_string(value))
    throw Error(fmt::format("{}: expected a run with {} {}, got a checkpoint of one with {}", contents_->file->origin(),
                            contents_->full(name), value, text));
}

void Archive::same_number(std::string_view name, double value) {
  double stored = value;
  if (writing()) return this->value(name, stored);
  const std::string& text = contents_->text_of(name);
  if (text != fmt::format("{:a}", value))
    throw Error(fmt::format("{}: expected a run with {} {}, got a checkpoint of one with {}", contents_->file->origin(),
                            contents_->full(name), value, std::strtod(text.c_str(), nullptr)));
}

Archive::Scope::Scope(Archive& archive, std::string_view prefix) : archive_(archive), length_(archive.contents_->prefix.size()) {
  archive_.contents_->prefix.append(prefix).append(".");
}
Archive::Scope::~Scope() { archive_.contents_->prefix.resize(length_); }

}  // namespace tenon
