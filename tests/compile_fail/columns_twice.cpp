// Two columns of one data set under one name.
// expect: invalid_columns<tenon::Columns<tenon::FeaturesColumn<
// expect: tenon::takes<tenon::a_name_of_its_own_for_each>>
#include <tenon/net/refuse.hpp>

#include <tenon/data/typed_columns.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Parts = Columns<FeaturesColumn<"image", 1, 8, 8>, LabelsColumn<"image", 10>>;
#else
using Parts = Columns<FeaturesColumn<"image", 1, 8, 8>, LabelsColumn<"digit", 10>>;
#endif

TypedColumns<Parts> make(const Dataset<float>& data) { return typed<Parts>(data); }
