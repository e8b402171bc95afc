#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::test {

/// A table of a FlatBuffer that a test writes, with what lies in it:
///     Object().scalar<std::int32_t>(1, 2).text(3, "name").file("TFL3")
class Object {
public:
  template <class T>
  Object& scalar(std::size_t field, T value) {
    fields_[field].inside.assign(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  template <class T>
  Object& numbers(std::size_t field, const std::vector<T>& values) {
    Field& f = refer(field, sizeof(T));
    f.outside.resize(values.size() * sizeof(T));
    if (!values.empty()) std::memcpy(f.outside.data(), values.data(), f.outside.size());
    f.count = values.size();
    return *this;
  }
  Object& text(std::size_t field, std::string_view text) {
    Field& f = refer(field, 1);
    f.outside = std::string(text) + '\0';
    f.count = text.size();
    return *this;
  }
  Object& table(std::size_t field, Object object) {
    refer(field, 0).objects.push_back(std::move(object));
    return *this;
  }
  Object& tables(std::size_t field, std::vector<Object> objects) {
    Field& f = refer(field, 4);
    f.objects = std::move(objects);
    f.count = f.objects.size();
    return *this;
  }
  /// A vector whose elements are all one and the same table.
  Object& shared_table(std::size_t field, Object object, std::size_t count) {
    Field& f = refer(field, 4);
    f.objects.push_back(std::move(object));
    f.count = count;
    return *this;
  }

  std::string file(std::string_view identifier) const {
    std::string out(4, '\0');
    out += identifier;
    const std::size_t at = write(out);
    put(out, 0, static_cast<std::uint32_t>(at));
    return out;
  }

private:
  struct Field {
    std::string inside, outside{};       // a scalar's bytes, or a distance; a vector's bytes
    std::size_t element = 0, count = 0;  // of a vector; no element: one table
    bool refers = false;
    std::vector<Object> objects{};
  };

  Field& refer(std::size_t field, std::size_t element) {
    Field& f = fields_[field];
    f = {std::string(4, '\0'), {}, element, 0, true, {}};
    return f;
  }

  template <class T>
  static void put(std::string& out, std::size_t at, T value) {
    std::memcpy(out.data() + at, &value, sizeof value);
  }
  static void align(std::string& out, std::size_t size, std::size_t ahead = 0) {
    while ((out.size() + ahead) % size != 0) out += '\0';
  }

  /// The vtable, the table, and behind them all that the table refers to: distances only lead forward.
  std::size_t write(std::string& out) const {
    const std::size_t entries = fields_.empty() ? 0 : fields_.rbegin()->first + 1;
    std::vector<std::uint16_t> vtable(2 + entries);
    std::size_t end = 4;
    for (const auto& [number, field] : fields_) {
      while (end % field.inside.size() != 0) ++end;
      vtable[2 + number] = static_cast<std::uint16_t>(end);
      end += field.inside.size();
    }
    vtable[0] = static_cast<std::uint16_t>(2 * vtable.size());
    vtable[1] = static_cast<std::uint16_t>(end);
    align(out, 8, vtable[0]);
    const std::size_t start = out.size(), at = start + vtable[0];
    out.resize(at + end);
    std::memcpy(out.data() + start, vtable.data(), vtable[0]);
    put(out, at, static_cast<std::int32_t>(vtable[0]));
    for (const auto& [number, field] : fields_)
      std::memcpy(out.data() + at + vtable[2 + number], field.inside.data(), field.inside.size());
    for (const auto& [number, field] : fields_)
      if (field.refers) {
        const std::size_t from = at + vtable[2 + number], to = write(out, field);
        put(out, from, static_cast<std::uint32_t>(to - from));
      }
    return at;
  }

  static std::size_t write(std::string& out, const Field& field) {
    if (field.element == 0) return field.objects.front().write(out);
    align(out, field.element == 8 ? 8 : 4, 4);
    const std::size_t at = out.size();
    out.resize(at + 4);
    put(out, at, static_cast<std::uint32_t>(field.count));
    out += field.outside;
    if (field.objects.empty()) return at;
    out.resize(out.size() + 4 * field.count);
    std::size_t to = 0;
    for (std::size_t i = 0; i < field.count; ++i) {
      const std::size_t from = at + 4 + 4 * i;
      if (i < field.objects.size()) to = field.objects[i].write(out);
      put(out, from, static_cast<std::uint32_t>(to - from));
    }
    return at;
  }

  std::map<std::size_t, Field> fields_;
};

}  // namespace tenon::test
