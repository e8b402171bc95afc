#include "pickle.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include <tenon/error.hpp>

#include "words.hpp"

namespace tenon::detail {

namespace {

/// `plain`: a number or None, of which nobody asks what it is; `number`: an integer.
enum class Kind : std::uint8_t { plain, number, text, tuple, list, dict, storage_type, maker, storage, tensor };

/// What the program may call.
enum class Maker : std::uint8_t { ordered_dict, tensor, parameter };

/// `at`: an integer, a storage's type or a maker as a number, or where the tables have it.
struct Object {
  Kind kind = Kind::plain;
  std::int64_t at = 0;
};

constexpr std::array<std::pair<std::string_view, DType>, 9> storage_types{{
    {"FloatStorage", DType::f32},
    {"DoubleStorage", DType::f64},
    {"HalfStorage", DType::f16},
    {"BFloat16Storage", DType::bf16},
    {"LongStorage", DType::i64},
    {"IntStorage", DType::i32},
    {"ShortStorage", DType::i16},
    {"CharStorage", DType::i8},
    {"ByteStorage", DType::u8},
}};

constexpr std::size_t most_axes = 64;  // as torch has
constexpr std::size_t deepest = 64;
constexpr std::size_t most_naming = 32;  // bytes that names and shapes may take for each byte of the pickle

class Machine {
public:
  Machine(std::span<const std::byte> program, std::string_view origin) : program_(program), origin_(origin) {}

  PickledTensors run() {
    while (step()) {
    }
    if (stack_.size() != 1 || !marks_.empty()) fail("one value in the end, got " + std::to_string(stack_.size()));
    if (stack_[0].kind != Kind::dict)
      fail(fmt::format("a dictionary of tensors, got {}: save model.state_dict()", word_of(stack_[0])));
    budget_ = most_naming * program_.size();
    std::string name;
    name_all(stack_[0], name, 0);
    return std::move(result_);
  }

private:
  [[noreturn]] void fail(const std::string& expected) const {
    throw Error(fmt::format("{}: bad .pth file: expected {}", origin_, expected));
  }

  static const char* word_of(Object object) {
    constexpr std::array words{"a plain value", "a number", "a text",     "a tuple",   "a list",
                               "a dictionary",  "a class",  "a function", "a storage", "a tensor"};
    return words[static_cast<std::size_t>(object.kind)];
  }

  // The program's bytes.
  std::span<const std::byte> take(std::size_t count) {
    if (program_.size() - at_ < count)
      fail(fmt::format("{} bytes at byte {} of its pickle, got {}", count, at_, program_.size() - at_));
    at_ += count;
    return program_.subspan(at_ - count, count);
  }
  template <class Word>
  Word take_word() {
    Word word;
    std::memcpy(&word, take(sizeof(Word)).data(), sizeof(Word));
    return word;
  }
  std::string_view take_text(std::size_t count) {
    const auto bytes = take(count);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::string_view take_line() {
    const std::string_view rest(reinterpret_cast<const char*>(program_.data() + at_), program_.size() - at_);
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) fail("a line's end in its pickle, got none");
    at_ += end + 1;
    return rest.substr(0, end);
  }

  // The stack.
  void push(Kind kind, std::int64_t at = 0) { stack_.push_back({kind, at}); }
  Object pop() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail("a value on its pickle's stack, got none");
    const Object top = stack_.back();
    stack_.pop_back();
    return top;
  }
  Object pop(Kind kind) {
    const Object top = pop();
    if (top.kind != kind) fail(fmt::format("{} in its pickle, got {}", word_of({kind, 0}), word_of(top)));
    return top;
  }
  Object& top(Kind kind) {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back()) || stack_.back().kind != kind)
      fail(fmt::format("{} in its pickle, got something else", word_of({kind, 0})));
    return stack_.back();
  }
  std::vector<Object> pop_to_mark() {
    if (marks_.empty()) fail("a mark on its pickle's stack, got none");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Object> all(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return all;
  }

  // The tables: of texts, and of what has members. Keys of a dictionary stand in front of their values.
  void push_text(std::string_view text) {
    texts_.push_back(text);
    push(Kind::text, static_cast<std::int64_t>(texts_.size() - 1));
  }
  void push_members(Kind kind, std::vector<Object> all = {}) {
    members_.push_back(std::move(all));
    push(kind, static_cast<std::int64_t>(members_.size() - 1));
  }
  std::string_view text(Object object) const { return texts_[static_cast<std::size_t>(object.at)]; }
  std::vector<Object>& members(Object object) { return members_[static_cast<std::size_t>(object.at)]; }
  void push_tuple(std::size_t count) {
    std::vector<Object> all(count);
    for (std::size_t k = count; k > 0; --k) all[k - 1] = pop();
    push_members(Kind::tuple, std::move(all));
  }
  void add_to(Kind kind, const std::vector<Object>& all) {
    if (kind == Kind::dict && all.size() % 2 != 0) fail("a value for each key, got a key alone");
    auto& to = members(top(kind));
    to.insert(to.end(), all.begin(), all.end());
  }

  void remember(std::size_t place) {
    if (stack_.empty()) fail("a value to remember in its pickle, got none");
    if (place >= program_.size()) fail(fmt::format("at most as many values as bytes, got number {}", place));
    if (place >= memo_.size())
      memo_.resize(std::max(place + 1, std::min(2 * memo_.size(), program_.size())), {{}, false});
    memo_[place] = {stack_.back(), true};
  }
  void recall(std::size_t place) {
    if (place >= memo_.size() || !memo_[place].second)
      fail(fmt::format("value {} of its pickle where it was remembered, got none", place));
    stack_.push_back(memo_[place].first);
  }

  /// A name that the program wants to use: a few stand for themselves.
  void name_something() {
    const std::string_view module = take_line(), name = take_line();
    if (module == "torch")
      for (const auto& [storage, dtype] : storage_types)
        if (name == storage) return push(Kind::storage_type, static_cast<std::int64_t>(dtype));
    if (module == "torch" && name == "BoolStorage")
      return push(Kind::storage_type, static_cast<std::int64_t>(DType::boolean));
    if (module == "collections" && name == "OrderedDict")
      return push(Kind::maker, static_cast<std::int64_t>(Maker::ordered_dict));
    if (module == "torch._utils" && name == "_rebuild_tensor_v2")
      return push(Kind::maker, static_cast<std::int64_t>(Maker::tensor));
    if (module == "torch._utils" && name == "_rebuild_parameter")
      return push(Kind::maker, static_cast<std::int64_t>(Maker::parameter));
    const std::string whole = std::string(module) + "." + std::string(name);
    throw Error(fmt::format("{}: expected tensors in dictionaries and plain values, got {}, which is not supported: "
                            "save model.state_dict() alone",
                            origin_, quoted_text(whole)));
  }

  void make() {
    const Object given = pop(Kind::tuple);
    if (members(given).size() > 7) fail(fmt::format("at most 7 arguments, got {}", members(given).size()));
    const auto arguments = members(given);  // a copy: the tables grow
    const auto maker = static_cast<Maker>(pop(Kind::maker).at);
    if (maker == Maker::ordered_dict) {
      if (!arguments.empty()) fail("OrderedDict without arguments, got some");
      return push_members(Kind::dict);
    }
    if (maker == Maker::parameter) {
      if (arguments.size() != 3 || arguments[0].kind != Kind::tensor)
        fail("a tensor for a Parameter, got another value");
      stack_.push_back(arguments[0]);
      return;
    }
    make_tensor(arguments);
  }

  std::vector<std::size_t> sizes(Object tuple, const char* what) {
    if (tuple.kind != Kind::tuple) fail(fmt::format("a tuple as a tensor's {}, got {}", what, word_of(tuple)));
    std::vector<std::size_t> all;
    if (members(tuple).size() > most_axes)
      fail(fmt::format("tensors of at most {} axes, got {}", most_axes, members(tuple).size()));
    for (const Object n : members(tuple)) {
      if (n.kind != Kind::number || n.at < 0)
        fail(fmt::format("whole numbers of at least 0 as a tensor's {}, got others", what));
      all.push_back(static_cast<std::size_t>(n.at));
    }
    return all;
  }

  /// (storage, offset, size, stride, requires_grad, backward_hooks), and metadata where its numbers mean something
  /// else.
  void make_tensor(const std::vector<Object>& arguments) {
    if (arguments.size() < 6 || arguments[0].kind != Kind::storage || arguments[1].kind != Kind::number ||
        arguments[1].at < 0)
      fail("a storage, an offset, sizes and strides for a tensor, got something else");
    if (arguments.size() > 6)
      throw Error(fmt::format("{}: a tensor with metadata (conjugate, negative) is not supported", origin_));
    StridedTensor tensor{static_cast<std::size_t>(arguments[0].at), static_cast<std::size_t>(arguments[1].at),
                         sizes(arguments[2], "size"), sizes(arguments[3], "stride")};
    if (tensor.shape.size() != tensor.strides.size())
      fail(fmt::format("as many strides as axes, got {} and {}", tensor.strides.size(), tensor.shape.size()));
    tensors_.push_back(std::move(tensor));
    push(Kind::tensor, static_cast<std::int64_t>(tensors_.size() - 1));
  }

  /// ('storage', type, key, device, number of elements)
  void make_storage() {
    const auto& id = members(pop(Kind::tuple));
    if (id.size() != 5 || id[0].kind != Kind::text || text(id[0]) != "storage" || id[1].kind != Kind::storage_type ||
        id[2].kind != Kind::text || id[4].kind != Kind::number || id[4].at < 0)
      fail("a storage with its type, key and size, got something else");
    result_.storages.push_back({text(id[2]), static_cast<DType>(id[1].at), static_cast<std::size_t>(id[4].at)});
    push(Kind::storage, static_cast<std::int64_t>(result_.storages.size() - 1));
  }

  bool step() {
    const std::size_t at = at_;
    switch (const auto code = std::to_integer<unsigned char>(take(1)[0]); code) {
    case 0x80:
      if (const auto protocol = take_word<std::uint8_t>(); protocol != 2)
        fail(fmt::format("a pickle of protocol 2, got {}", protocol));
      return true;
    case '.':
      return false;
    case '(':
      marks_.push_back(stack_.size());
      return true;
    case 'c':
      name_something();
      return true;
    case 'R':
      make();
      return true;
    case 'Q':
      make_storage();
      return true;
    case 'b':  // an attribute of an OrderedDict: its _metadata are versions of modules
      pop();
      top(Kind::dict);
      return true;
    case '}':
      push_members(Kind::dict);
      return true;
    case ']':
      push_members(Kind::list);
      return true;
    case ')':
      push_members(Kind::tuple);
      return true;
    case 't':
      push_members(Kind::tuple, pop_to_mark());
      return true;
    case 0x85:
    case 0x86:
    case 0x87:
      push_tuple(code - 0x84U);
      return true;
    case 'u':
      add_to(Kind::dict, pop_to_mark());
      return true;
    case 's': {
      const Object value = pop(), key = pop();
      add_to(Kind::dict, {key, value});
      return true;
    }
    case 'e':
      add_to(Kind::list, pop_to_mark());
      return true;
    case 'a':
      add_to(Kind::list, {pop()});
      return true;
    case 'q':
      remember(take_word<std::uint8_t>());
      return true;
    case 'r':
      remember(take_word<std::uint32_t>());
      return true;
    case 'h':
      recall(take_word<std::uint8_t>());
      return true;
    case 'j':
      recall(take_word<std::uint32_t>());
      return true;
    case 'X':
      push_text(take_text(take_word<std::uint32_t>()));
      return true;
    case 'K':
      push(Kind::number, take_word<std::uint8_t>());
      return true;
    case 'M':
      push(Kind::number, take_word<std::uint16_t>());
      return true;
    case 'J':
      push(Kind::number, take_word<std::int32_t>());
      return true;
    case 0x8a:
      push_long(take_word<std::uint8_t>());
      return true;
    case 'G':
      take(8);
      push(Kind::plain);
      return true;
    case 'N':
    case 0x88:
    case 0x89:
      push(Kind::plain);
      return true;
    default:
      fail(fmt::format("a pickle of tensors, got the code 0x{:02x} at byte {}", code, at));
    }
  }

  /// Two's complement, of any length; what has more than 64 bits is some plain value.
  void push_long(std::size_t length) {
    const auto bytes = take(length);
    if (length > 8) return push(Kind::plain);
    std::uint64_t value = 0;
    for (std::size_t k = 0; k < length; ++k) value |= std::to_integer<std::uint64_t>(bytes[k]) << (8 * k);
    if (length > 0 && length < 8 && std::to_integer<unsigned>(bytes[length - 1]) >= 0x80)
      value |= ~(~std::uint64_t{0} >> (64 - 8 * length));
    push(Kind::number, std::bit_cast<std::int64_t>(value));
  }

  /// Few bytes can say that a dictionary is in another several times, and that in a third. What that costs is bounded.
  void pay(std::size_t cost) {
    if (cost > budget_) fail("values that are written once, got some that are repeated too often");
    budget_ -= cost;
  }

  void name_all(Object object, std::string& name, std::size_t depth) {
    pay(1);
    if (object.kind == Kind::tensor) {
      const StridedTensor& tensor = tensors_[static_cast<std::size_t>(object.at)];
      pay(sizeof(NamedTensor) + name.size() + 16 * tensor.shape.size());
      result_.tensors.push_back({name, tensor});
      return;
    }
    if (object.kind != Kind::dict && object.kind != Kind::list && object.kind != Kind::tuple) return;
    if (depth == deepest) fail(fmt::format("dictionaries at most {} deep, got deeper ones", deepest));
    const std::size_t length = name.size();
    const auto& all = members(object);
    const bool keyed = object.kind == Kind::dict;
    for (std::size_t k = 0; k < all.size(); k += keyed ? 2 : 1) {
      const Object value = all[keyed ? k + 1 : k];
      if (length > 0) name += '.';
      if (!keyed) name += std::to_string(k);
      else if (all[k].kind == Kind::text) name += text(all[k]);
      else if (all[k].kind == Kind::number) name += std::to_string(all[k].at);
      else fail(fmt::format("names as keys of dictionaries, got {}", word_of(all[k])));
      pay(name.size() - length);
      name_all(value, name, depth + 1);
      name.resize(length);
    }
  }

  std::span<const std::byte> program_;
  std::string_view origin_;
  std::size_t at_ = 0;
  std::vector<Object> stack_;
  std::vector<std::size_t> marks_;
  std::vector<std::pair<Object, bool>> memo_;
  std::vector<std::string_view> texts_;
  std::vector<std::vector<Object>> members_;
  std::vector<StridedTensor> tensors_;
  PickledTensors result_;
  std::size_t budget_ = 0;
};

}  // namespace

PickledTensors read_tensor_pickle(std::span<const std::byte> pickle, std::string_view origin) {
  return Machine(pickle, origin).run();
}

}  // namespace tenon::detail
