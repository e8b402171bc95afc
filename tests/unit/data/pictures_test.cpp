
#include <cmath>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include <tenon/data/augment.hpp>
#include <tenon/data/folds.hpp>
#include <tenon/data/loader.hpp>
#include <tenon/data/pictures.hpp>
#include <tenon/data/sampling.hpp>
#include <tenon/data/scaler.hpp>
#include <tenon/error.hpp>
#include <tenon/report/data_report.hpp>

#include "support/faults.hpp"
#include "support/folder.hpp"
#include "support/golden.hpp"

namespace fs = std::filesystem;
using namespace tenon;
using tenon::test::Folder;

namespace {

fs::path corpus() { return fs::canonical(test::Golden::folder()).parent_path() / "fuzz" / "corpus" / "pictures"; }
std::string corpus_file(const std::string& name) { return (corpus() / name).string(); }

double worst(const Pixels& p, const test::Golden& golden, const std::string& name) {
  if (p.shape != golden.shape(name)) return INFINITY;
  const std::vector<double> right = golden.values(name);
  double most = 0;
  for (std::size_t i = 0; i < right.size(); ++i)
    most = std::max(most, std::abs(right[i] - static_cast<double>(p.values[i])));
  return most;
}

void write_text(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

}  // namespace

TEST_CASE("pictures of every kind have the numbers that the script gave them") {
  if (!reads_pictures()) return;
  const test::Golden golden("pictures");
  for (const std::string name : {"good_rgb", "good_interlaced", "good_grey16", "good_grey1", "good_palette"}) {
    CAPTURE(name);
    CHECK(worst(read_picture(corpus_file(name)), golden, name) < 1e-6);
  }
  CHECK(worst(read_picture(corpus_file("good_rgba16"), {.background = {0.25F, 0.5F, 0.75F}}), golden, "good_rgba16") <
        1e-6);
  CHECK(worst(read_picture(corpus_file("good_grey")), golden, "good_grey") < 1e-6);
  for (int k = 2; k <= 8; ++k) {
    CAPTURE(k);
    const std::string name = "good_turned" + std::to_string(k);
    CHECK(worst(read_picture(corpus_file(name)), golden, name) < 1e-6);
  }
  CHECK(worst(read_picture(corpus_file("good_colour")), golden, "good_colour") < 1.01 / 255);  // a level

  CHECK(worst(read_picture(corpus_file("good_extras")), golden, "good_rgb") < 1e-6);

  const Pixels colour = read_picture(corpus_file("good_rgb")),
               grey = read_picture(corpus_file("good_rgb"), {.channels = 1});
  CHECK(grey.shape == std::vector<std::size_t>{1, 7, 5});
  for (std::size_t i = 0; i < 35; ++i)
    CHECK(grey.values[i] ==
          Approx(0.299 * static_cast<double>(colour.values[i]) + 0.587 * static_cast<double>(colour.values[35 + i]) +
                 0.114 * static_cast<double>(colour.values[70 + i]))
              .margin(1e-6));
}

TEST_CASE("pictures in another size are PyTorch's") {
  if (!reads_pictures()) return;
  const test::Golden golden("pictures");
  const auto sized = [&](std::size_t h, std::size_t w, Resampling how, Framing framing = Framing::stretch) {
    return read_picture(corpus_file("good_rgb"), {.height = h, .width = w, .resampling = how, .framing = framing});
  };
  CHECK(worst(sized(3, 2, Resampling::antialias), golden, "antialias_3x2") < 1e-6);
  CHECK(worst(sized(5, 3, Resampling::antialias), golden, "antialias_5x3") < 1e-6);
  CHECK(worst(sized(14, 15, Resampling::antialias), golden, "antialias_14x15") < 1e-6);
  CHECK(worst(sized(3, 9, Resampling::antialias), golden, "antialias_3x9") < 1e-6);
  CHECK(worst(sized(14, 15, Resampling::area), golden, "bilinear_14x15") < 1e-6);
  CHECK(worst(sized(1, 5, Resampling::area), golden, "area_1x5") < 1e-6);
  CHECK(worst(sized(7, 1, Resampling::area), golden, "area_7x1") < 1e-6);
  CHECK(worst(sized(3, 2, Resampling::area), golden, "area_3x2") < 1e-6);
  CHECK(worst(sized(3, 3, Resampling::area, Framing::crop), golden, "crop_3x3") < 1e-6);
}

TEST_CASE("what cannot be read is one Error that names the file") {
  if (!reads_pictures()) {
    CHECK_THROWS_WITH(read_picture(corpus_file("good_rgb")), Catch::Contains("made without libpng"));
    CHECK_THROWS_WITH(read_picture(corpus_file("good_grey")), Catch::Contains("made without libjpeg"));
    return;
  }
  using Catch::Contains;
  CHECK_THROWS_WITH(read_picture(corpus_file("bad_cmyk")),
                    Contains("bad_cmyk: JPEG pictures in CMYK are not supported"));
  CHECK_THROWS_WITH(read_picture(corpus_file("bad_gif")),
                    Contains("bad_gif: expected a PNG or JPEG picture") && Contains("a GIF"));
  CHECK_THROWS_WITH(read_picture(corpus_file("bad_checksum")),
                    Contains("damaged one: IDAT: CRC error") || Contains("damaged"));
  CHECK_THROWS_WITH(read_picture(corpus_file("bad_cut")), Contains("the file ends too early"));
  // libpng and libjpeg only warn of these, and go on with black, opaque or grey pixels
  CHECK_THROWS_WITH(
      read_picture(corpus_file("bad_index")),
      Contains("bad_index: expected colours from 0 to 5, as the palette has 6, got 6 in row 3, column 2"));
  CHECK_THROWS_WITH(read_picture(corpus_file("bad_transparency")), Contains("a damaged one: tRNS: CRC error"));
  CHECK_THROWS_WITH(read_picture(corpus_file("bad_order")), Contains("a damaged one: tRNS"));
  CHECK_THROWS_WITH(read_picture(corpus_file("bad_sum")), Contains("a damaged one: IDAT: incorrect data check"));
  CHECK_THROWS_WITH(read_picture(corpus_file("bad_end")), Contains("a damaged one: Premature end of JPEG file"));
  CHECK_THROWS_WITH(read_picture(corpus_file("bad_claim.png")),
                    Contains("at most 67108864 pixels") && Contains("60000 x 60000"));
  CHECK_THROWS_WITH(read_picture(corpus_file("bad_claim.jpeg"), {.most_pixels = std::size_t{1} << 40}),
                    Contains("too few for 60000 x 60000 pixels"));
  CHECK_THROWS_WITH(read_picture(corpus_file("bad_claim.png"), {.most_pixels = std::size_t{1} << 40}),
                    Contains("too few for 60000 x 60000 pixels"));
  CHECK_THROWS_WITH(read_picture(corpus_file("good_rgb"), {.height = 4}), Contains("a height and a width, or neither"));
  CHECK_THROWS_WITH(read_picture(corpus_file("good_rgb"), {.channels = 2}), Contains("1 or 3 channels, got 2"));
  CHECK_THROWS_WITH(read_picture(corpus_file("none")),
                    Contains("none: expected a PNG or JPEG picture that can be read"));
}

TEST_CASE("a folder for each class, and lists, whatever the number of threads") {
  const Folder folder;
  const std::vector<std::size_t> shape{1, 2, 3};
  const auto sample = [](std::size_t k) {
    std::vector<float> s(6);
    for (std::size_t i = 0; i < 6; ++i) s[i] = static_cast<float>(40 * k + i) / 255;
    return s;
  };
  for (const std::string name : {"dog", "cat/deep", ".hidden"}) fs::create_directories(folder / name);
  write_png(folder / "cat/b.png", sample(0), shape);
  write_png(folder / "cat/deep/a.PNG", sample(1), shape);
  write_png(folder / "dog/1.png", sample(2), shape);
  write_text(folder / "dog/notes.txt", "none");
  write_text(folder / "list.csv", "\xef\xbb\xbf"
                                  "dog/1.png,big, brown\r\n\ncat/b.png\tsmall\n");

  const PictureFiles files = picture_folder(folder.path.string());
  CHECK(files.classes == std::vector<std::string>{"cat", "dog"});
  CHECK(files.labels == std::vector<std::int32_t>{0, 0, 1});
  CHECK(picture_folder(folder.path.string(), {"dog", "bird", "cat"}).labels == std::vector<std::int32_t>{2, 2, 0});
  CHECK_THROWS_WITH(picture_folder(folder.path.string(), {"dog"}),
                    Catch::Contains("one of the classes \"dog\", got \"cat\""));
  CHECK_THROWS_WITH(picture_folder(folder / "dog"), Catch::Contains("pictures without one"));
  CHECK_THROWS_WITH(picture_folder(folder / "none"), Catch::Contains("No such file"));
  const PictureFiles list = picture_list(folder / "list.csv");
  CHECK(list.classes == std::vector<std::string>{"brown", "small"});
  CHECK(list.labels == std::vector<std::int32_t>{0, 1});
  write_text(folder / "bad.csv", "dog/1.png,dog\ncat/b.png\n");
  CHECK_THROWS_WITH(picture_list(folder / "bad.csv"),
                    Catch::Contains("bad.csv, line 2: expected a file, a tab or comma"));
  write_text(folder / "bad.csv", "dog/1.png,dog\ncat/b.png, \n");
  CHECK_THROWS_WITH(picture_list(folder / "bad.csv"), Catch::Contains("bad.csv, line 2: expected a file"));
  CHECK_THROWS_WITH(picture_list(folder / "dog/1.png"), Catch::Contains("a list of pictures as text, got a NUL at"));
  CHECK_THROWS_WITH(picture_list(folder / "list.csv", {"small", "brown", "small"}),
                    Catch::Contains("list.csv: expected each of the classes once, got \"small\" twice"));
  CHECK_THROWS_WITH(picture_folder(folder.path.string(), {"cat", "cat", "dog"}),
                    Catch::Contains("each of the classes once, got \"cat\" twice"));
  if (!reads_pictures()) return;

  for (const std::size_t threads : {1U, 2U, 5U}) {
    const auto data = read_pictures(files, {.channels = 1, .threads = threads});
    REQUIRE(data.size() == 3);
    CHECK(data.sample_shape() == shape);
    CHECK(data.classes() == 2);
    for (std::size_t k = 0; k < 3; ++k) CHECK(std::ranges::equal(data.sample(k), sample(k)));
  }
  CHECK_THROWS_WITH(read_pictures(files, {.most_bytes = 200}),
                    Catch::Contains("at most 200 bytes") && Catch::Contains("72 bytes each"));
  write_text(folder / "dog/2.png", "no picture");
  write_png(folder / "cat/c.png", sample(0), std::vector<std::size_t>{1, 3, 2});
  for (const std::size_t threads : {1U, 4U}) {
    CHECK_THROWS_WITH(read_pictures(picture_folder(folder.path.string()), {.threads = threads}),
                      Catch::Contains("c.png: expected a picture of 3x2x3"));
    CHECK_THROWS_WITH(
        read_pictures(picture_folder(folder.path.string()), {.height = 2, .width = 2, .threads = threads}),
        Catch::Contains("dog/2.png: expected a PNG or JPEG picture"));
  }
  CHECK_THROWS_WITH(write_png(folder / "x.png", sample(0), std::vector<std::size_t>{2, 3, 1}),
                    Catch::Contains("1 or 3 channels"));
  CHECK_THROWS_WITH(write_png(folder / "x.png", std::vector<float>{NAN}, std::vector<std::size_t>{1, 1}),
                    Catch::Contains("finite"));
  CHECK_FALSE(fs::exists(folder / "x.png"));
}

namespace {

/// Eleven pictures of 3 by 4 in two folders, read as 2 by 3.
class Pictures {
public:
  static constexpr std::size_t count = 11, bytes_of_sample = 6 * sizeof(float);

  Pictures() {
    fs::create_directories(folder_ / "a");
    fs::create_directories(folder_ / "b");
    write();
  }

  std::string path(std::size_t k) const {
    return folder_ / (std::string(k < 6 ? "a/" : "b/") + static_cast<char>('a' + k) + ".png");
  }
  void write() const {
    for (std::size_t k = 0; k < count; ++k) {
      std::vector<float> pixels(12);
      for (std::size_t i = 0; i < 12; ++i) pixels[i] = static_cast<float>(20 * k + i) / 255;
      write_png(path(k), pixels, std::vector<std::size_t>{1, 3, 4});
    }
  }
  PictureFiles files() const { return picture_folder(folder_.path.string()); }
  static PictureOptions options(std::size_t cached = 0) {
    return {.height = 2, .width = 3, .channels = 1, .cache_bytes = cached};
  }

private:
  Folder folder_{};
};

/// Two epochs of a loader, as numbers.
template <class Data>
std::vector<double> two_epochs(const Data& data) {
  DataLoader loader{data, 4, 9};
  std::vector<double> all;
  for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
    loader.start_epoch(epoch);
    Batch<std::remove_cvref_t<decltype(data.sample(0)[0])>> batch;
    while (loader.next(batch)) {
      all.insert(all.end(), batch.features.begin(), batch.features.end());
      all.insert(all.end(), batch.labels.begin(), batch.labels.end());
    }
  }
  return all;
}

}  // namespace

TEST_CASE("pictures that a loader's threads decode are those of a data set in memory") {
  if (!reads_pictures()) return;
  const Pictures pictures;
  const auto memory = read_pictures(pictures.files(), Pictures::options());
  const std::vector<double> expected = two_epochs(memory);
  for (const std::size_t workers : {0U, 1U, 2U, 5U})
    for (const std::size_t cached : {std::size_t{0}, 3 * Pictures::bytes_of_sample, 100 * Pictures::bytes_of_sample}) {
      CAPTURE(workers, cached);
      const auto options = Pictures::options(cached);
      const auto stream = stream_pictures(pictures.files(), options, {.workers = workers});
      CHECK(std::ranges::equal(stream.columns(), memory.columns()));
      CHECK(two_epochs(stream) == expected);
      CHECK(two_epochs(stream_pictures<double>(pictures.files(), options, {.workers = workers})) == expected);
    }
}

TEST_CASE("a stream of pictures keeps the first samples that fit, and needs their files no longer") {
  if (!reads_pictures()) return;
  const Pictures pictures;
  // reads all, spoils the files, and counts the samples that are still there
  const auto kept = [&](std::size_t cached) {
    pictures.write();
    const auto stream = stream_pictures(pictures.files(), Pictures::options(cached), {.workers = 0});
    CHECK(stream.take(Pictures::count).size() == Pictures::count);
    for (std::size_t k = 0; k < Pictures::count; ++k) write_text(pictures.path(k), "no picture");
    for (std::size_t count = 0; count < Pictures::count; ++count) {
      try {
        static_cast<void>(stream.take(count + 1));
      } catch (const Error& error) {
        CHECK_THAT(error.what(), Catch::Contains("pictures: sample " + std::to_string(count) + ": ") &&
                                     Catch::Contains(pictures.path(count) + ": expected a PNG or JPEG picture"));
        return count;
      }
    }
    return Pictures::count;
  };
  CHECK(kept(0) == 0);
  CHECK(kept(Pictures::bytes_of_sample - 1) == 0);
  CHECK(kept(4 * Pictures::bytes_of_sample + 3) == 4);
  CHECK(kept(11 * Pictures::bytes_of_sample) == 11);
}

TEST_CASE("a stream of pictures is refused by its name") {
  if (!reads_pictures()) return;
  const Pictures pictures;
  write_png(pictures.path(7), std::vector<float>(6, 0.5F), std::vector<std::size_t>{1, 2, 3});
  CHECK_THROWS_WITH(two_epochs(stream_pictures(pictures.files(), {.channels = 1}, {.workers = 2, .name = "pets"})),
                    Catch::Contains("pets: sample 7: ") && Catch::Contains("expected a picture of 1x3x4"));
  CHECK_THROWS_WITH(stream_pictures(PictureFiles{}), "stream_pictures: expected at least one picture, got none");

  // by what wants all numbers at once
  const auto stream = stream_pictures(pictures.files(), Pictures::options(), {.name = "pets"});
  const auto refused = Catch::Contains("in memory, got a stream (pets), which is read batch by batch");
  CHECK_THROWS_WITH(describe(stream), refused);
  CHECK_THROWS_WITH(data_report_html(stream), refused);
  CHECK_THROWS_WITH(class_counts(stream), refused);
  CHECK_THROWS_WITH(balanced(stream, 1), refused);
  CHECK_THROWS_WITH(concat_data(stream, read_pictures(pictures.files(), Pictures::options())), refused);
  CHECK_THROWS_WITH(k_folds(stream, 2, 1), refused);
  CHECK_THROWS_WITH(two_epochs(augmented<Augment<Mixup<0.2>>>(typed<Shape<1, 2, 3>, Classes<2>>(stream), 1)),
                    Catch::Contains("pets: expected data in memory for Mixup"));
}

TEST_CASE("whoever reads pictures says that there is too little memory") {
  if (!reads_pictures()) return;
  const Folder folder;
  for (const std::string name : {"first/a", "first/deep/er/b", "second/a name that is longer than sixteen bytes"}) {
    const std::string path = folder / (name + ".png");
    fs::create_directories(fs::path(path).parent_path());
    write_png(path, std::vector<float>(6, 0.5F), std::vector<std::size_t>{1, 2, 3});
  }
  const std::string place = folder.path.string();
  const PictureFiles files = picture_folder(place);
  CHECK(files.labels == std::vector<std::int32_t>{0, 0, 1});
  const PictureOptions options{.channels = 1, .threads = 1, .progress = false, .cache_bytes = 1000};
  const auto each = [](auto read) {
    std::size_t others = 0;
    const long calls = test::fail_each(
        test::Fault::allocation, [] {}, [&] { read(); },
        [&](const std::exception_ptr& thrown) { others += thrown && !test::is_error(thrown) ? 1 : 0; });
    CHECK(calls > 10);
    return others;
  };
  CHECK(each([&] { picture_folder(place); }) == 0);
  CHECK(each([&] { read_pictures(files, options); }) == 0);
  CHECK(each([&] { stream_pictures(files, options, {.workers = 0}); }) == 0);
  const auto stream = stream_pictures(files, options, {.workers = 0});
  CHECK(stream.take(3).size() == 3);
}

TEST_CASE("a page about a data set") {
  const auto count = [](const std::string& text, std::string_view what) {
    std::size_t n = 0;
    for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
    return n;
  };
  const Dataset<float> data{Features{"image <1>", {3, 1, 2}, std::vector<float>(24, 0.5F)},
                            Features{"table", {2}, std::vector<float>{0, 1, 2, 3, NAN, 5, 6, 7}},
                            Labels{{0, 1, 1, 2}, 3}.named("kind"),
                            Targets{std::vector<float>{1, 2, 3, 4}, 1}.named("price")};
  const std::string page = data_report_html(data, {.title = "A & B", .pictures = 3});
  CHECK(count(page, "<title>A &amp; B</title>") == 1);
  CHECK(count(page, "3 classes, from 1 samples") == 1);
  CHECK(count(page, "<svg xmlns") == 5);  // the classes; the image, two numbers of the table, the price
  CHECK(count(page, "<img") == 3);
  CHECK(count(page, "class 1, no. 1") == 1);
  CHECK(count(page, "image <1>") == 0);
  CHECK(page.ends_with("</html>\n"));
  CHECK(data_report_html(Dataset<double>{}, {}).ends_with("</html>\n"));
}
