#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace tenon {

/// Replaces the file at `path` by these bytes, or leaves it as it was and throws Error.
/// The bytes go to a new file in the same directory, are forced to disk, and then take the name over in one step,
/// so a reader (or a power cut) sees the old file or the new one, never a part. A symbolic link keeps pointing where
/// it points: its target is replaced, or made. An existing file's permissions are kept. New files that processes which
/// were killed have left in the directory (.tenon-*.tmp) are removed.
void write_file_atomically(const std::string& path, std::span<const std::byte> bytes);

/// The same for contents that lie in several places: written one after the other.
void write_file_atomically(const std::string& path, std::span<const std::span<const std::byte>> pieces);

}  // namespace tenon
