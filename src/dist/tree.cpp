#include <tenon/dist/tree.hpp>

#include <array>

#include <tenon/error.hpp>

namespace tenon::detail {

namespace {

void collect(ShardRange range, ShardRange own, std::vector<ShardRange>& found) {
  if (range.end <= own.first || own.end <= range.first) return;
  if (own.first <= range.first && range.end <= own.end) return found.push_back(range);
  collect({range.first, range.middle()}, own, found);
  collect({range.middle(), range.end}, own, found);
}

}  // namespace

std::vector<ShardRange> ranges_within(std::size_t shards, ShardRange own) {
  std::vector<ShardRange> found;
  if (own.size() > 0) collect({0, shards}, own, found);
  return found;
}

TreeProgram::TreeProgram(ShardRange whole, std::span<const ShardRange> given)
    : given_(given.size()), places_(given.size()) {
  std::vector<std::size_t> free;
  result_ = build(whole, given, free);
}

std::size_t TreeProgram::build(ShardRange range, std::span<const ShardRange> given, std::vector<std::size_t>& free) {
  if (const auto at = std::find(given.begin(), given.end(), range); at != given.end())
    return static_cast<std::size_t>(at - given.begin());
  if (range.size() <= 1) throw Error("shards: a shard is on no rank");
  const std::size_t a = build({range.first, range.middle()}, given, free),
                    b = build({range.middle(), range.end}, given, free);
  if (b >= given_) free.push_back(b);
  std::size_t to = a;  // a sum goes where its first part is, unless that is given
  if (a < given_) {
    if (free.empty()) {
      to = places_++;
    } else {
      to = free.back();
      free.pop_back();
    }
  }
  sums_.push_back({a, b, to});
  return to;
}

template <class T>
void TreeProgram::run(std::span<const T* const> in, T* to, std::size_t first, std::size_t count, bool add) const {
  constexpr std::size_t chunk = 512, most_places = 32;
  alignas(64) T space[most_places][chunk];
  std::array<const T*, 4 * most_places> short_list;
  std::vector<const T*> long_list;
  if (places_ > short_list.size()) long_list.resize(places_);
  const T** const place = long_list.empty() ? short_list.data() : long_list.data();
  if (places_ - given_ > most_places) throw Error("shards: expected at most 2^31 of them");
  for (const std::size_t end = first + count; first < end; first += chunk) {
    const std::size_t n = std::min(chunk, end - first);
    for (std::size_t k = 0; k < given_; ++k) place[k] = in[k] + first;
    for (std::size_t k = given_; k < places_; ++k) place[k] = space[k - given_];
    T* const target = to + first;
    for (const Sum& s : sums_) {
      const T *const a = place[s.a], *const b = place[s.b];
      // nothing is read after the last one: it may go where an addend is
      T* const sum = !add && &s == &sums_.back() ? target : space[s.to - given_];
      for (std::size_t i = 0; i < n; ++i) sum[i] = a[i] + b[i];
    }
    const T* const result = place[result_];
    if (add) {
      for (std::size_t i = 0; i < n; ++i) target[i] += result[i];
    } else if (sums_.empty() && result != target) {
      std::copy_n(result, n, target);
    }
  }
}
template void TreeProgram::run(std::span<const float* const>, float*, std::size_t, std::size_t, bool) const;
template void TreeProgram::run(std::span<const double* const>, double*, std::size_t, std::size_t, bool) const;

double tree_sum(std::span<const double> of_shards) {
  if (of_shards.empty()) return 0;
  if (of_shards.size() == 1) return of_shards[0];
  const std::size_t half = of_shards.size() / 2;
  return tree_sum(of_shards.first(half)) + tree_sum(of_shards.subspan(half));
}

}  // namespace tenon::detail
