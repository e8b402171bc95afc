// A row of a table with one name twice.
// expect: invalid_row<tenon::csv::Row<
// expect: tenon::takes<tenon::each_name_once>>
#include <tenon/data/csv_row.hpp>

namespace csv = tenon::csv;

#ifdef TENON_WRONG
using Home = csv::Row<csv::Column<"area">, csv::Column<"area">, csv::Target<"price">>;
#else
using Home = csv::Row<csv::Column<"area">, csv::Column<"rooms">, csv::Target<"price">>;
#endif

auto read(const char* path) { return csv::read<Home>(path); }
