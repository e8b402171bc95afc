#pragma once

#include <memory>
#include <string>
#include <vector>

/// Lists of what a run of `fit` collects. Their code is compiled into the library, and not into every program.
namespace tenon {

class Archive;

namespace detail {

/// Where checkpoints are to be written, each path once.
class CheckpointPaths {
public:
  void add(const std::string& path);
  bool empty() const;
  /// Writes the same checkpoint to all of them.
  void save(const Archive& checkpoint) const;

private:
  std::vector<std::string> paths_{};
};

/// Things that live as long as their list.
class Keepsakes {
public:
  void add(std::shared_ptr<const void> thing);

private:
  std::vector<std::shared_ptr<const void>> things_{};
};

}  // namespace detail
}  // namespace tenon
