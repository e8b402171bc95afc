#include <tenon/train/archive.hpp>

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <new>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include <tenon/error.hpp>
#include <tenon/io/safetensors.hpp>

#include "../io/input_file.hpp"
#include "../io/words.hpp"

namespace tenon {

namespace {

constexpr std::string_view format_key = "format", checksum_key = "checksum";
constexpr std::string_view format_family = "tenon.training.", format_version = "2";

/// A number so that it is read back bit for bit, whatever the locale.
std::string number_text(double value) {
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::hex).ptr};
}
bool read_number(const std::string& text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::hex);
  return error == std::errc() && end == text.data() + text.size();
}
bool read_number(const std::string& text, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

/// Of everything but itself.
class Checksum {
public:
  explicit Checksum(const TensorMetadata& numbers) {
    for (const auto& [name, text] : numbers) {
      if (name == checksum_key) continue;
      add(name);
      add(text);
    }
  }
  void add(std::string_view text) {
    const std::uint64_t size = text.size();
    add(std::as_bytes(std::span(&size, 1)));
    add(std::as_bytes(std::span(text)));
  }
  void add(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;  // zlib takes a null pointer for a beginning
    sum_ = ::crc32_z(sum_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  }
  void tensor(std::string_view name, DType dtype, std::span<const std::size_t> shape,
              std::span<const std::byte> bytes) {
    add(name);
    add(dtype_name(dtype));
    add(std::as_bytes(shape));
    add(bytes);
  }
  std::string text() const { return fmt::format("{:08x}", sum_); }

private:
  unsigned long sum_ = ::crc32_z(0, nullptr, 0);
};

template <class T>
auto by_name(const std::vector<T>& tensors) {
  std::vector<const T*> order;
  order.reserve(tensors.size());
  for (const T& t : tensors) order.push_back(&t);
  std::ranges::sort(order, {}, [](const T* t) -> const std::string& { return t->name; });
  return order;
}

}  // namespace

struct Archive::Contents {
  /// What the first reading has found, for the second.
  struct Found {
    std::string name;
    double number = 0;
    std::uint64_t count = 0;
    const TensorInfo* tensor = nullptr;
    std::vector<double> list{};
  };

  std::optional<SafeTensors> file{};  // none: writing
  bool committed = false;
  std::string prefix{};
  std::vector<TensorView> tensors{};
  TensorMetadata numbers{};
  std::deque<std::vector<double>> lists{};  // copies, which live until `save`
  std::deque<Found> found{};
  std::size_t next = 0;

  std::string full(std::string_view name) const { return prefix + std::string(name); }

  void put(std::string_view name, std::string text) { numbers.insert_or_assign(full(name), std::move(text)); }
  bool has_text(std::string_view name) const { return file->metadata().contains(full(name)); }
  const std::string& text_of(std::string_view name) const {
    const auto entry = file->metadata().find(full(name));
    if (entry == file->metadata().end())
      throw Error(fmt::format("{}: expected a checkpoint of this training run, but it has no \"{}\"", file->origin(),
                              full(name)));
    return entry->second;
  }
  [[noreturn]] void refuse(std::string_view name, std::string_view expected, std::string_view got) const {
    throw Error(fmt::format("{}: expected {} as \"{}\", got {}", file->origin(), expected, full(name), got));
  }
  const TensorInfo& info_of(std::string_view name) const {
    const TensorInfo* info = file->find(full(name));
    if (!info)
      throw Error(fmt::format("{}: expected a checkpoint of this training run, but it has no tensor \"{}\"",
                              file->origin(), full(name)));
    return *info;
  }

  bool is(const Found& f, std::string_view name) const {
    const std::string_view known = f.name;
    return known.size() == prefix.size() + name.size() && known.starts_with(prefix) && known.ends_with(name);
  }
  /// What was found under this name: in the second reading the next one in order. It has to have been asked for before.
  Found& again(std::string_view name) {
    for (std::size_t tried = 0; tried < found.size(); ++tried, ++next) {
      if (next >= found.size()) next = 0;
      if (is(found[next], name)) return found[next++];
    }
    throw Error(fmt::format("{}: expected \"{}\" to be asked for in both readings, got it only in the second",
                            file->origin(), full(name)));
  }
  Found& note(std::string_view name) { return found.emplace_back(Found{.name = full(name)}); }

  template <class Number>
  Number number(std::string_view name, Number Found::*place) {
    if (committed) return again(name).*place;
    Number read = 0;
    const std::string& text = text_of(name);
    if (!read_number(text, read)) refuse(name, "a number", detail::quoted_text(text));
    return note(name).*place = read;
  }

  template <class T>
  void tensor(std::string_view name, std::span<const std::size_t> shape, std::span<T> values) {
    if (!file) {
      tensors.emplace_back(full(name), std::vector(shape.begin(), shape.end()), std::span<const T>(values));
      return;
    }
    if (committed) return file->copy_to(*again(name).tensor, values);
    const TensorInfo& info = info_of(name);
    constexpr DType expected = sizeof(T) == sizeof(float) ? DType::f32 : DType::f64;
    if (!std::equal(shape.begin(), shape.end(), info.shape.begin(), info.shape.end()) || info.dtype != expected)
      throw Error(fmt::format("{}: expected \"{}\" as ({}) of {}, got ({}) of {}", file->origin(), full(name),
                              fmt::join(shape, ", "), dtype_name(expected), fmt::join(info.shape, ", "),
                              dtype_name(info.dtype)));
    note(name).tensor = &info;
  }

  std::vector<double>& list(std::string_view name) {
    if (committed) return again(name).list;
    for (Found& f : found)
      if (f.tensor && is(f, name)) return f.list;  // looked at already
    const TensorInfo& info = info_of(name);
    if (info.shape.size() != 1 || info.dtype != DType::f64)
      refuse(name, "a list of numbers",
             fmt::format("shape ({}) of {}", fmt::join(info.shape, ", "), dtype_name(info.dtype)));
    std::vector<double> numbers_there(info.shape[0]);
    file->copy_to(info, std::span(numbers_there));
    Found& f = note(name);
    f.tensor = &info;
    return f.list = std::move(numbers_there);
  }
};

Archive::Archive() : contents_(new Contents) {
  contents_->numbers[std::string(format_key)] = std::string(format_family) + std::string(format_version);
}

Archive::Archive(const std::string& path) try : contents_(new Contents) {
  contents_->file = SafeTensors::read(path);
  const SafeTensors& file = *contents_->file;
  const auto entry = [&](std::string_view key) -> std::string_view {
    const auto found = file.metadata().find(std::string(key));
    return found == file.metadata().end() ? std::string_view() : std::string_view(found->second);
  };
  const std::string_view format = entry(format_key);
  if (!format.starts_with(format_family))
    throw Error(fmt::format("{}: expected a training checkpoint, got {}", path,
                            format.empty() ? "a safetensors file without a format, as weights alone are"
                                           : "format " + detail::quoted_text(format)));
  const std::string_view version = format.substr(format_family.size());
  if (version != format_version) {
    const bool older = version.size() < format_version.size() ||
                       (version.size() == format_version.size() && version < format_version);
    throw Error(fmt::format(
        "{}: expected a training checkpoint of format {}, got one of format {}, which {} version of Tenon wrote. {}",
        path, format_version, detail::escaped_text(version.substr(0, 20)), older ? "an older" : "another",
        older ? "Finish that run with it, or begin anew from its weights" : "Resume with that version"));
  }
  Checksum sum(file.metadata());
  for (const TensorInfo* t : by_name(file.tensors())) sum.tensor(t->name, t->dtype, t->shape, file.bytes(*t));
  if (sum.text() != entry(checksum_key))
    throw Error(fmt::format("{}: expected a checkpoint as it was written, got one that is damaged or was changed: its "
                            "checksum is {}, its contents have {}",
                            path, detail::quoted_text(entry(checksum_key)), sum.text()));
} catch (const std::bad_alloc&) {
  detail::fail_for_memory(path);
}

Archive::~Archive() = default;

bool Archive::writing() const { return !contents_->file; }
bool Archive::checking() const { return contents_->file && !contents_->committed; }
void Archive::commit() { contents_->committed = true; }
void Archive::save(const std::string& path) const {
  Checksum sum(contents_->numbers);
  for (const TensorView* t : by_name(contents_->tensors)) sum.tensor(t->name, t->dtype, t->shape, t->bytes);
  contents_->numbers[std::string(checksum_key)] = sum.text();
  write_safetensors(path, contents_->tensors, contents_->numbers);
}

void Archive::value(std::string_view name, double& value) {
  if (writing()) return contents_->put(name, number_text(value));
  const double read = contents_->number(name, &Contents::Found::number);
  if (contents_->committed) value = read;
}

void Archive::value(std::string_view name, std::uint64_t& value, std::uint64_t most) {
  if (writing()) return contents_->put(name, std::to_string(value));
  const std::uint64_t read = contents_->number(name, &Contents::Found::count);
  if (contents_->committed) value = read;
  else if (read > most) contents_->refuse(name, "at most " + std::to_string(most), std::to_string(read));
}

void Archive::value(std::string_view name, bool& value) {
  std::uint64_t number = value ? 1 : 0;
  this->value(name, number, 1);
  value = number != 0;
}

void Archive::values(std::string_view name, std::vector<double>& values) {
  if (writing()) {
    const std::size_t size = values.size();
    return contents_->tensor(name, {&size, 1}, std::span<double>(contents_->lists.emplace_back(values)));
  }
  std::vector<double>& read = contents_->list(name);
  if (contents_->committed) values.swap(read);
}

std::span<const double> Archive::list(std::string_view name) { return contents_->list(name); }

void Archive::tensor(std::string_view name, std::span<const std::size_t> shape, std::span<float> values) {
  contents_->tensor(name, shape, values);
}
void Archive::tensor(std::string_view name, std::span<const std::size_t> shape, std::span<double> values) {
  contents_->tensor(name, shape, values);
}

void Archive::same(std::string_view name, std::uint64_t value) {
  if (!contents_->committed) same_text(name, std::to_string(value));
}

void Archive::same_or(std::string_view name, std::uint64_t value, std::uint64_t absent) {
  if (writing() ? value == absent : !contents_->has_text(name) && value == absent) return;
  if (writing() || contents_->has_text(name)) return same(name, value);
  throw Error(fmt::format("{}: expected a run with {} {}, got a checkpoint of one with {}", contents_->file->origin(),
                          contents_->full(name), value, absent));
}

void Archive::same_number(std::string_view name, double value) {
  if (writing()) return contents_->put(name, number_text(value));
  if (contents_->committed) return;  // compared already
  double stored = 0;
  const std::string& text = contents_->text_of(name);
  if (!read_number(text, stored)) contents_->refuse(name, "a number", detail::quoted_text(text));
  if (text != number_text(value))
    throw Error(fmt::format("{}: expected a run with {} {}, got a checkpoint of one with {}", contents_->file->origin(),
                            contents_->full(name), value, stored));
}

void Archive::same_text(std::string_view name, std::string_view value) {
  if (writing()) return contents_->put(name, std::string(value));
  if (contents_->committed) return;
  const std::string& stored = contents_->text_of(name);
  if (stored != value)
    throw Error(fmt::format("{}: expected a run with {} {}, got a checkpoint of one with {}", contents_->file->origin(),
                            contents_->full(name), value, detail::escaped_text(stored)));
}

const std::string& Archive::text(std::string_view name) const { return contents_->text_of(name); }
void Archive::refuse(std::string_view name, const std::string& expected, const std::string& got) const {
  contents_->refuse(name, expected, got);
}
void Archive::refuse(const std::string& sentence) const {
  throw Error((contents_->file ? contents_->file->origin() : std::string("checkpoint")) + ": " + sentence);
}

Archive::Scope::Scope(Archive& archive, std::string_view prefix)
    : archive_(archive), length_(archive.contents_->prefix.size()) {
  archive_.contents_->prefix.append(prefix).append(".");
}
Archive::Scope::Scope(Archive& archive, std::string_view prefix, std::size_t number) : Scope(archive, prefix) {
  char text[24];
  archive_.contents_->prefix.append(text, std::to_chars(text, text + sizeof text, number).ptr).append(".");
}
Archive::Scope::~Scope() { archive_.contents_->prefix.resize(length_); }

}  // namespace tenon
