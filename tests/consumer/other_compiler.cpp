// A program of one compiler on a library of another: templates whose definitions are in the library have the names
// there that both give them.
#include <tenon/data/npy.hpp>
#include <tenon/data/pictures.hpp>
#include <tenon/data/sampling.hpp>
#include <tenon/data/scaler.hpp>
#include <tenon/data/stream.hpp>
#include <tenon/report/data_report.hpp>
#include <tenon/text/sampling.hpp>

#include <cstdio>
#include <vector>

using namespace tenon;

int main() {
  const std::vector<float> numbers{1, 2, 3, 4, 5, 6};
  const NpyArray rows({3, 2}, std::span<const float>(numbers));
  const Dataset<float> data = concat_data(npy_dataset<float>(rows), npy_dataset<float>(rows));
  // what is called and does not get as far as its own Error, or gives no numbers, is enough to be linked
  bool refused = false;
  try {
    stream_csv<double>({"nowhere.csv"}, {});
  } catch (const Error&) {
    refused = true;
  }
  auto* const pictures = &stream_pictures<float>;
  const bool right = refused && pictures != nullptr && data.size() == 6 && rows.values<double>()[5] == 6 &&
                     data.as<double>().size() == 6 && !describe(data).empty() && !data_report_html(data).empty() &&
                     greedy(std::span<const float>(numbers)) == 5;
  std::printf("%s\n", right ? "all names are found" : "a function gives something else");
  return right ? 0 : 1;
}
