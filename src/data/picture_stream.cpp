// Pictures that are decoded when their turn comes, by who prepares batches.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "picture_load.hpp"
#include "tenon/data/pictures.hpp"
#include "tenon/error.hpp"
#include "text.hpp"

namespace tenon {
namespace {

/// The first pictures that come, as many as fit, and no others after them: every epoch asks once for each, so whatever
/// was kept longest comes next, and to throw it out would empty the cache of just what is asked for.
class PictureCache {
public:
  PictureCache(std::size_t pictures, std::size_t size, std::size_t bytes)
      : size_(size), left_(std::min(pictures, bytes / sizeof(float) / size)), kept_(left_ > 0 ? pictures : 0) {}
  PictureCache(const PictureCache&) = delete;
  PictureCache& operator=(const PictureCache&) = delete;
  ~PictureCache() {
    for (const std::atomic<float*>& p : kept_) delete[] p.load();
  }

  /// Null where it is not here.
  const float* find(std::size_t index) const {
    return kept_.empty() ? nullptr : kept_[index].load(std::memory_order_acquire);
  }
  void keep(std::size_t index, const std::vector<float>& values) {
    if (kept_.empty()) return;
    for (std::size_t left = left_; left > 0;) {
      if (!left_.compare_exchange_weak(left, left - 1)) continue;
      float* const copy = new (std::nothrow) float[size_];
      float* none = nullptr;
      if (copy) std::ranges::copy(values, copy);
      // without memory it is read again; and another thread may have been quicker
      if (!copy || !kept_[index].compare_exchange_strong(none, copy, std::memory_order_acq_rel)) {
        delete[] copy;
        ++left_;
      }
      return;
    }
  }

private:
  std::size_t size_;
  std::atomic<std::size_t> left_;
  std::vector<std::atomic<float*>> kept_;
};

struct Pictures {
  Pictures(PictureFiles of, PictureOptions how, std::vector<std::size_t> sized)
      : files(std::move(of)),
        options(how),
        shape(std::move(sized)),
        cache(files.paths.size(), shape[0] * shape[1] * shape[2], how.cache_bytes) {}

  PictureFiles files;
  PictureOptions options;
  std::vector<std::size_t> shape;
  PictureCache cache;
};

/// A source by number, whose copies share what is kept.
template <class T>
struct PictureRows {
  std::shared_ptr<Pictures> pictures;

  std::size_t size() const { return pictures->files.paths.size(); }
  void read(std::size_t index, Sample<T>& to) const {
    Pictures& all = *pictures;
    if (!to.labels.empty()) to.labels[0] = all.files.labels[index];
    if (to.features.empty()) return;
    const auto give = [&](const float* values) {
      std::transform(values, values + to.features.size(), to.features.begin(), [](float v) { return T(v); });
    };
    if (const float* const kept = all.cache.find(index)) return give(kept);
    const Pixels p = detail::load_picture(all.files.paths[index], all.options);
    detail::check_picture_shape(all.files.paths[index], p.shape, all.files.paths[0], all.shape);
    all.cache.keep(index, p.values);
    give(p.values.data());
  }
};

}  // namespace

template <class T>
Dataset<T> stream_pictures(const PictureFiles& files, const PictureOptions& options, const StreamOptions& stream) {
  return detail::within_memory_of_pictures(files, [&] {
    const std::vector<std::size_t> shape = detail::shape_of_pictures("stream_pictures", files, options);
    const Dataset<T> like = files.labels.empty()
                                ? Dataset<T>{Features<T>{"features", shape, {}}}
                                : Dataset<T>{Features<T>{"features", shape, {}}, Labels{{}, files.classes.size()}};
    StreamOptions named = stream;
    if (named.name == StreamOptions{}.name) named.name = "pictures";
    return make_stream(PictureRows<T>{std::make_shared<Pictures>(files, options, shape)}, like, named);
  });
}

template Dataset<float> stream_pictures(const PictureFiles&, const PictureOptions&, const StreamOptions&);
template Dataset<double> stream_pictures(const PictureFiles&, const PictureOptions&, const StreamOptions&);

}  // namespace tenon
