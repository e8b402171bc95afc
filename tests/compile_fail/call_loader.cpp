// A loader without the size of its batches.
// expect: argument<tenon::fixed_string<11>{"DataLoader"}, tenon::fixed_string<10>{"arguments"}>, tenon::takes<tenon::a_data_set, tenon::a_batch_size>, tenon::but_gets<tenon::Dataset<float> >
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
std::size_t batches(const Dataset<float>& data) {
  const DataLoader loader{data};
  return loader.batches();
}
#else
std::size_t batches(const Dataset<float>& data) {
  const DataLoader loader{data, 32};
  return loader.batches();
}
#endif
