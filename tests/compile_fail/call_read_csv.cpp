// What a table is read by has names.
// expect: argument<tenon::fixed_string<9>{"read_csv"}, tenon::fixed_string<8>{"options"}>, tenon::takes<tenon::CsvOptions>, tenon::but_gets<char [6]>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
Dataset<float> prices() { return read_csv("prices.csv", "price"); }
#else
Dataset<float> prices() { return read_csv("prices.csv", {.label_column = "price"}); }
#endif
