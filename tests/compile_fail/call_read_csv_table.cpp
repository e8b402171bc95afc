// What a table is read by has names, wherever it is read.
// expect: argument<tenon::fixed_string<15>{"read_csv_table"}, tenon::fixed_string<8>{"options"}>, tenon::takes<tenon::CsvOptions>, tenon::but_gets<int>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
CsvTable<float> prices() { return read_csv_table("prices.csv", 3); }
#else
CsvTable<float> prices() { return read_csv_table("prices.csv", {.label_column = 3}); }
#endif
