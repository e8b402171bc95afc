#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/data/dataset.hpp>
#include <tenon/data/stream.hpp>

/// Pictures in files, PNG and JPEG, as samples {channels, height, width} from 0 (black) to 1.
namespace tenon {

/// Whether this build reads pictures: it was made where libpng and libjpeg-turbo are. Else every reader here throws an
/// Error that names them.
bool reads_pictures() noexcept;

/// How a pixel of the new size is made of those of the picture. Rows and columns have weights of their own; nothing is
/// rounded on the way (PIL rounds to 8 bits).
enum class Resampling {
  /// The mean of all that the pixel covers, parts of pixels by their part (OpenCV: INTER_AREA; PyTorch: "area", where
  /// sizes divide); bilinear where a side becomes larger.
  area,
  /// Weights that fall off in a straight line to the middles of the pixels beside it, as PIL's BILINEAR and PyTorch's
  /// interpolate(mode="bilinear", antialias=True) have it; bilinear where a side becomes larger.
  antialias
};

/// What happens to the picture's form.
enum class Framing {
  stretch,  ///< it becomes that of the samples
  crop      ///< it stays: the largest part of that form in the middle is taken
};

struct PictureOptions {
  /// Of the samples; 0 and 0: as the pictures are, which then have to be of one size.
  size_t height = 0, width = 0;
  /// 3: red, green and blue, a grey picture being three times the same. 1: grey, 0.299 red + 0.587 green + 0.114 blue.
  size_t channels = 3;
  Resampling resampling = Resampling::area;
  Framing framing = Framing::stretch;
  /// What shows through where a picture is transparent: alpha colour + (1 - alpha) background, before it is resized.
  std::array<float, 3> background{1, 1, 1};
  /// Threads that decode, 0: as many as the processor runs.
  size_t threads = 0;
  /// A picture of more pixels is an Error. Decoding takes at most 16 bytes for each pixel and 32 MB, by thread.
  size_t most_pixels = size_t{1} << 26;
  /// All samples together may take so many bytes; more is an Error before any is read.
  size_t most_bytes = size_t{2} << 30;
  /// Says on a terminal how far it is, where reading takes more than two seconds.
  bool progress = true;
  /// `stream_pictures` keeps so many bytes of decoded samples, the first that come: 0 decodes every sample anew.
  size_t cache_bytes = 0;
};

/// A picture as numbers, shape {channels, height, width}.
struct Pixels {
  std::vector<size_t> shape;
  std::vector<float> values;
};

/// A file: PNG of every kind (grey, colour, palettes, 1 to 16 bits, transparent, interlaced) or JPEG (baseline or
/// progressive, grey or colour), recognised by its first bytes. It is rotated as its EXIF orientation says;
/// colour profiles and gamma are ignored, as PIL ignores them. Error: JPEGs of CMYK, files damaged or cut off anywhere.
Pixels read_picture(const std::string& path, const PictureOptions& options = {});
Pixels parse_picture(std::span<const std::byte> file, std::string_view name, const PictureOptions& options = {});

/// Pictures that are samples: where they lie, and of which class they are.
struct PictureFiles {
  std::vector<std::string> paths{};
  std::vector<std::int32_t> labels{};  // one for each path, or none
  std::vector<std::string> classes{};  // what the labels stand for
};

/// A folder with a folder for each class: class 0 is the first name in the order of bytes, or of `classes`, where they
/// are given (those of the training data, say), each once. A class's pictures are the files below its folder called
/// *.png, *.jpg or *.jpeg, in the order of their paths; names that begin with a dot are passed over. PyTorch:
/// ImageFolder. Error: no classes, one without pictures, a folder that is none of `classes`.
PictureFiles picture_folder(const std::string& folder, const std::vector<std::string>& classes = {});

/// A text file that names one picture a line, seen from where the file lies, and behind the line's last tab or comma
/// its class, in all lines or in none. Classes in the order of bytes, or of `classes`. Blank lines, and blanks around a
/// class, are nothing.
PictureFiles picture_list(const std::string& list, const std::vector<std::string>& classes = {});

/// The pictures as samples in memory, decoded by several threads; what comes of them does not depend on how many.
///
///     const PictureFiles files = picture_folder("pets");
///     const auto data = read_pictures(files, {.height = 64, .width = 64});
///
/// Error: the first picture that cannot be read, by its file; more memory than `most_bytes`.
template <class T = float>
Dataset<T> read_pictures(const PictureFiles& files, const PictureOptions& options = {});

extern template Dataset<float> read_pictures(const PictureFiles&, const PictureOptions&);
extern template Dataset<double> read_pictures(const PictureFiles&, const PictureOptions&);

/// The pictures as a stream: each is decoded when its turn comes, by the threads that prepare a loader's batches
/// (`.workers` of the stream), so that there may be more of them than memory. The numbers are those of read_pictures,
/// whatever the number of threads and whatever is kept; a rank that trains with others decodes its own alone.
///
///     const auto data = stream_pictures(files, {.height = 64, .width = 64, .cache_bytes = 1 << 30}, {.workers = 4});
///
/// `.threads`, `.most_bytes` and `.progress` mean nothing here. Error: as read_pictures, and a picture that cannot be
/// read when its turn comes.
template <class T = float>
Dataset<T> stream_pictures(const PictureFiles& files, const PictureOptions& options = {},
                           const StreamOptions& stream = {});

extern template Dataset<float> stream_pictures(const PictureFiles&, const PictureOptions&, const StreamOptions&);
extern template Dataset<double> stream_pictures(const PictureFiles&, const PictureOptions&, const StreamOptions&);

/// Writes a sample as a PNG file of 8 bits, atomically: shape {height, width} or {1, height, width} grey, {3, height,
/// width} in colour. Numbers below 0 are black, above 1 white. Needs no library. Error: another shape, no number.
///
///     write_png("seven.png", data.sample(7), data.sample_shape());
void write_png(const std::string& path, std::span<const float> sample, std::span<const size_t> shape);

}  // namespace tenon
