#include <tenon/train/kept.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <tenon/train/archive.hpp>

namespace tenon::detail {

void CheckpointPaths::add(const std::string& path) {
  if (std::find(paths_.begin(), paths_.end(), path) == paths_.end()) paths_.push_back(path);
}
bool CheckpointPaths::empty() const { return paths_.empty(); }
void CheckpointPaths::save(const Archive& checkpoint) const {
  for (const std::string& path : paths_) checkpoint.save(path);
}

void Keepsakes::add(std::shared_ptr<const void> thing) { things_.push_back(std::move(thing)); }

}  // namespace tenon::detail
