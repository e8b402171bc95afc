// An augmentation of a column that is not there.
// expect: no_features_column<
// expect: LabelsColumn<
#include <tenon/net/refuse.hpp>

#include <tenon/data/typed_columns.hpp>

using namespace tenon;

using Parts = Columns<FeaturesColumn<"image", 1, 8, 8>, LabelsColumn<"digit", 10>>;

#ifdef TENON_WRONG
constexpr char name[] = "digit";
#else
constexpr char name[] = "image";
#endif

Dataset<float> make(const TypedColumns<Parts>& data) {
  return augmented<Augment<RandomTranslation<1>>, fixed_string(name)>(data);
}
