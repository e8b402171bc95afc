// Old names stay for one version as deprecated aliases of the new ones. The test `old_names` compiles this file with
// TENON_SHOW_OLD_NAMES and asks for a warning of each (check_old_names.cmake). At the end: words that programs are
// likely to use for something else are theirs, beside all of Tenon and the C library's headers.
#include <math.h>
#include <strings.h>
#include <unistd.h>

#include <type_traits>

#include <tenon/model/session.hpp>
#include <tenon/tenon.hpp>

#ifndef TENON_SHOW_OLD_NAMES
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#endif

using namespace tenon;

static_assert(ignored_label == ignore_index);
static_assert(std::is_same_v<Loader<double>, DataLoader<double>>);
static_assert(std::is_same_v<Checkpoint, ModelCheckpoint> && std::is_same_v<CsvLog, CSVLogger>);
static_assert(std::is_same_v<LearnedPosition<>, LearnedPositionalEmbedding<>> &&
              std::is_same_v<SinusoidalPosition<>, SinusoidalPositionalEncoding<>>);
static_assert(std::is_same_v<decltype(padding_token<0>), decltype(padding_idx<0>)>);
static_assert(std::is_same_v<decltype(reset_before), decltype(linear_before_reset<false>)>);
static_assert(std::is_same_v<decltype(rotary<>), decltype(rope<>)> &&
              std::is_same_v<decltype(count_padding<false>), decltype(count_include_pad<false>)>);
static_assert(
    std::is_same_v<Augment<Shift<2>, Rotate<10>, Scale<0.9, 1.1>, Shear<5>, Elastic<20, 4>, HorizontalFlip<>,
                           VerticalFlip<>, Crop<8>>,
                   Augment<RandomTranslation<2>, RandomRotation<10>, RandomScale<0.9, 1.1>, RandomShear<5>,
                           ElasticTransform<20, 4>, RandomHorizontalFlip<>, RandomVerticalFlip<>, RandomCrop<8>>>);
static_assert(std::is_same_v<DropSteps<3>, Slice<0, 3>>);

using Steps = Sequential<Input<4, 2>, LSTM<3>, Dense<2>>;
static_assert(std::is_same_v<FrozenStep<Steps>, Frozen<Steps>::Stepped>);

using Recurrent = Model<Sequential<Input<4, 2>, LSTM<3, stateful>, Dense<2>>>;
[[maybe_unused]] void by_old_names(const Recurrent& model) {
  StatefulRun run{model, 2};
  run.reset_states();
  HostFrozenStep step{model};
  HostFrozen sample{model};
}
[[maybe_unused]] void by_old_names(const Model<GPT<11, 12, 1, 2, 8>>& model) {
  Generator writer{model};
  writer.forget();
}

#pragma GCC diagnostic ignored "-Wshadow"  // clang's warns of each, and that is all
struct Row {};
struct Column {};
struct Target {};
struct Source {};
[[maybe_unused]] auto words_of_a_program() {
  const char* found = index("abc", 'b');
  const int index = 1, x = 2, target = 3, label = 4, features = 5, mask = 6, last = 7, same = 8, in = 9, on = 10,
            part = 11;
  const int all = index + x + target + label + features + mask + last + same + in + on + part;
  return std::tuple(found, all, Row{}, Column{}, Target{}, Source{});
}
