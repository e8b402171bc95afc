// Many pictures: where they lie, and how threads read them.
#include "tenon/data/pictures.hpp"

#include <dirent.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "../io/input_file.hpp"
#include "../io/words.hpp"
#include "csv_records.hpp"
#include "picture_load.hpp"
#include "tenon/error.hpp"
#include "tenon/report/long_job.hpp"
#include "text.hpp"

namespace tenon {
namespace {

namespace fs = std::filesystem;
using detail::quoted_text;
using detail::trimmed;

bool is_picture(const fs::path& path) {
  std::string end = path.extension().string();
  for (char& c : end) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return end == ".png" || end == ".jpg" || end == ".jpeg";
}

/// Calls show(path) for all that lies in a folder and is not hidden. libstdc++'s iterators end the program where there
/// is no memory for a name.
template <class F>
void for_each_entry(const fs::path& folder, F show) {
  const auto fail = [&] { throw fs::filesystem_error("", folder, std::error_code(errno, std::generic_category())); };
  const std::unique_ptr<DIR, int (*)(DIR*)> all(::opendir(folder.c_str()), ::closedir);
  if (!all) fail();
  while (errno = 0, true) {
    const dirent* const entry = ::readdir(all.get());
    if (!entry && errno != 0) fail();
    if (!entry) return;
    if (entry->d_name[0] != '.') show(folder / entry->d_name);
  }
}

/// Those below a folder. Folders are not entered through links, which may lead in a circle.
void find_pictures(const fs::path& folder, std::vector<std::string>& found) {
  for_each_entry(folder, [&](const fs::path& path) {
    if (fs::is_directory(fs::symlink_status(path))) find_pictures(path, found);
    else if (is_picture(path) && fs::is_regular_file(path)) found.push_back(path.string());
  });
}
/// The same by their paths.
std::vector<std::string> pictures_below(const fs::path& folder) {
  std::vector<std::string> found;
  find_pictures(folder, found);
  std::ranges::sort(found);
  return found;
}

std::string names(const std::vector<std::string>& all) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(all.size(), 10); ++i)
    text += (i > 0 ? ", " : "") + quoted_text(all[i]);
  return text + (all.size() > 10 ? fmt::format(" and {} more", all.size() - 10) : "");
}

std::int32_t class_number(const std::vector<std::string>& classes, const std::string& name, const std::string& where) {
  const auto at = std::ranges::find(classes, name);
  if (at == classes.end())
    throw Error(fmt::format("{}: expected one of the classes {}, got {}", where, names(classes), quoted_text(name)));
  return static_cast<std::int32_t>(at - classes.begin());
}

/// A class of two numbers would hide one of them.
void check_classes(const std::vector<std::string>& classes, const std::string& where) {
  for (std::size_t k = 0; k < classes.size(); ++k)
    if (std::find(classes.begin() + static_cast<std::ptrdiff_t>(k) + 1, classes.end(), classes[k]) != classes.end())
      throw Error(fmt::format("{}: expected each of the classes once, got {} twice", where, quoted_text(classes[k])));
}

PictureFiles look_into(const std::string& folder, const std::vector<std::string>& classes) {
  std::vector<std::string> found;
  bool loose = false;
  for_each_entry(folder, [&](const fs::path& path) {
    if (fs::is_directory(path)) found.push_back(path.filename().string());
    else loose = loose || is_picture(path);
  });
  std::ranges::sort(found);
  if (found.empty())
    throw Error(fmt::format("{}: expected a folder for each class, got {}", folder,
                            loose ? "pictures without one (picture_list reads a list of files)" : "none"));
  PictureFiles files{.classes = classes.empty() ? found : classes};
  for (const std::string& name : found) {
    const std::int32_t label = class_number(files.classes, name, folder);
    const auto paths = pictures_below(fs::path(folder) / name);
    if (paths.empty())
      throw Error(
          fmt::format("{}: expected pictures (*.png, *.jpg, *.jpeg) of class {}, got none", folder, quoted_text(name)));
    files.paths.insert(files.paths.end(), paths.begin(), paths.end());
    files.labels.insert(files.labels.end(), paths.size(), label);
  }
  return files;
}

std::size_t threads_for(std::size_t asked, std::size_t pictures) {
  const std::size_t most = asked > 0 ? asked : std::max(1U, std::thread::hardware_concurrency());
  return std::clamp<std::size_t>(pictures, 1, std::min<std::size_t>(most, 256));
}

/// Calls one(i) for every i below count, on several threads of which the caller is one. What the lowest i throws is
/// thrown: they are taken in order, so every lower one has been tried.
template <class F>
void for_all(std::size_t count, std::size_t threads, LongJob& job, F one) {
  std::atomic<std::size_t> next{0}, done{0};
  std::mutex mutex;
  std::size_t failed = count;
  std::exception_ptr thrown;
  const auto work = [&](bool own) {
    for (std::size_t i; (i = next++) < count;) {
      try {
        one(i);
        const std::size_t now = ++done;
        if (own) job.update(now);  // may throw too, and the threads have to be joined
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (i < failed) failed = i, thrown = std::current_exception();
        next = count;
      }
    }
  };
  std::vector<std::jthread> helpers;
  helpers.reserve(threads);
  try {
    while (helpers.size() + 1 < threads) helpers.emplace_back(work, false);
  } catch (...) {  // NOLINT(bugprone-empty-catch): a thread less is no error, those that have started do the work
  }
  work(true);
  for (std::jthread& t : helpers) t.join();
  if (thrown) std::rethrow_exception(thrown);
  job.finish();
}

/// A text of lines; `list` is where it comes from.
PictureFiles read_list(std::string text, const std::string& list, const std::vector<std::string>& classes) {
  if (text.find('\0') != text.npos)
    throw Error(fmt::format("{}: expected a list of pictures as text, got a NUL at byte {}", list, text.find('\0')));
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  PictureFiles files{.classes = classes};
  std::vector<std::string> names_of;  // of each line's class
  bool with = false;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    const std::size_t tab = line.rfind('\t'), cut = tab != std::string::npos ? tab : line.rfind(',');
    const bool has = cut != std::string::npos;
    if (files.paths.empty()) with = has;
    if (has != with || cut == 0 || (has && trimmed(std::string_view(line).substr(cut + 1)).empty()))
      throw Error(fmt::format("{}, line {}: expected a file{}, got {}", list, number,
                              with ? ", a tab or comma, and its class" : " without a class, as in the first line",
                              quoted_text(line)));
    files.paths.push_back((fs::path(list).parent_path() / line.substr(0, cut)).string());
    if (has) names_of.emplace_back(trimmed(std::string_view(line).substr(cut + 1)));
  }
  if (files.paths.empty()) throw Error(fmt::format("{}: expected a list of pictures, got an empty one", list));
  if (!with) return files;
  if (classes.empty()) {
    files.classes = names_of;
    std::ranges::sort(files.classes);
    files.classes.erase(std::unique(files.classes.begin(), files.classes.end()), files.classes.end());
  }
  std::map<std::string_view, std::int32_t> numbers;
  for (std::size_t k = 0; k < files.classes.size(); ++k)
    numbers.emplace(files.classes[k], static_cast<std::int32_t>(k));
  for (const std::string& name : names_of) {
    const auto known = numbers.find(name);
    files.labels.push_back(known != numbers.end() ? known->second : class_number(files.classes, name, list));
  }
  return files;
}

}  // namespace

PictureFiles picture_folder(const std::string& folder, const std::vector<std::string>& classes) {
  return detail::within_memory(
      folder,
      [&] {
        check_classes(classes, folder);
        try {
          return look_into(folder, classes);
        } catch (const fs::filesystem_error& error) {
          throw Error(fmt::format("{}: expected a folder with a folder for each class, but {}", folder,
                                  error.code().message()));
        }
      },
      ", a folder of pictures");
}

PictureFiles picture_list(const std::string& list, const std::vector<std::string>& classes) {
  return detail::within_memory(list, [&] {
    check_classes(classes, list);
    return read_list(detail::read_file(list, "a list of pictures"), list, classes);
  });
}

namespace detail {

std::vector<std::size_t> shape_of_pictures(const char* who, const PictureFiles& files, const PictureOptions& options) {
  check_picture_options(options);
  const std::size_t count = files.paths.size();
  if (count == 0) throw Error(fmt::format("{}: expected at least one picture, got none", who));
  if (!files.labels.empty() && files.labels.size() != count)
    throw Error(
        fmt::format("{}: expected {} labels, one for each picture, or none, got {}", who, count, files.labels.size()));
  if (options.height == 0) return load_picture(files.paths[0], options).shape;
  return {options.channels, options.height, options.width};
}

void check_picture_shape(const std::string& path, const std::vector<std::size_t>& shape, const std::string& first,
                         const std::vector<std::size_t>& expected) {
  if (shape != expected)
    throw Error(fmt::format("{}: expected a picture of {} as {} is, got {}: .height and .width make them alike", path,
                            shape_text(expected), first, shape_text(shape)));
}

}  // namespace detail

template <class T>
Dataset<T> read_pictures(const PictureFiles& files, const PictureOptions& options) {
  return detail::within_memory_of_pictures(files, [&] {
    const std::vector<std::size_t> shape = detail::shape_of_pictures("read_pictures", files, options);
    const std::size_t count = files.paths.size();
    const std::size_t size = shape[0] * shape[1] * shape[2];
    if (count > options.most_bytes / sizeof(T) / size)
      throw Error(
          fmt::format("read_pictures: expected samples of at most {} bytes together (.most_bytes), got {} pictures "
                      "of {}, {} bytes each",
                      options.most_bytes, count, detail::shape_text(shape), size * sizeof(T)));
    std::vector<T> features(count * size);
    LongJob job("reading pictures", count, "pictures", options.progress);
    for_all(count, threads_for(options.threads, count), job, [&](std::size_t i) {
      const Pixels p = detail::load_picture(files.paths[i], options);
      detail::check_picture_shape(files.paths[i], p.shape, files.paths[0], shape);
      for (std::size_t k = 0; k < size; ++k) features[i * size + k] = static_cast<T>(p.values[k]);
    });
    if (files.labels.empty()) return Dataset<T>(shape, std::move(features));
    return Dataset<T>(shape, std::move(features), Labels{files.labels, files.classes.size()});
  });
}

template Dataset<float> read_pictures(const PictureFiles&, const PictureOptions&);
template Dataset<double> read_pictures(const PictureFiles&, const PictureOptions&);

}  // namespace tenon
