#include "tenon/data/csv.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <unistd.h>

#include <catch2/catch.hpp>

#include "tenon/data/csv_row.hpp"
#include "tenon/error.hpp"
#include "tenon/random.hpp"

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using tenon::CsvOptions;
using tenon::CsvTarget;
using tenon::Dataset;

namespace {

/// A file that goes away with the test.
struct Table {
  std::string path = (fs::temp_directory_path() / ("tenon-csv-" + std::to_string(::getpid()) + ".csv")).string();
  explicit Table(const std::string& content) { std::ofstream{path, std::ios::binary} << content; }
  ~Table() { fs::remove(path); }
};

template <class T = float>
Dataset<T> read(const std::string& content, const CsvOptions& options = {}) {
  return tenon::read_csv<T>(Table{content}.path, options);
}

template <class T>
std::vector<std::remove_const_t<T>> copy(std::span<T> values) {
  return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("a table gives features and, in its last column, classes") {
  const auto data = read("width,height,kind\n1.5,2,0\n-3,4e1,2\n");
  CHECK(data.size() == 2);
  CHECK(data.sample_shape() == std::vector<std::size_t>{2});
  CHECK(copy(data.features()) == std::vector<float>{1.5, 2, -3, 40});
  CHECK(copy(data.labels()) == std::vector<std::int32_t>{0, 2});
  CHECK(data.classes() == 3);
}

TEST_CASE("line ends, blank last lines, blanks and a byte order mark don't matter") {
  const auto expected = std::vector<float>{1, 2, 3, 4};
  for (const std::string content : {"a,b,y\n1,2,0\n3,4,1", "a,b,y\r\n1,2,0\r\n3,4,1\r\n", "a,b,y\n1,2,0\n3,4,1\n\n\n",
                                    "\xEF\xBB\xBF"
                                    "a,b,y\n 1 ,\t2,0\n+3, 4 , 1 \r\n\r\n",
                                    "\"a\",b,y\n\"1\",2,0\n3,\"4\",\"1\"\n"}) {
    CAPTURE(content);
    const auto data = read(content);
    CHECK(copy(data.features()) == expected);
    CHECK(data.label(1) == 1);
  }
}

TEST_CASE("the label column is chosen by number or by name") {
  const std::string content = "y,a,b\n1,2,3\n0,5,6\n";
  for (const CsvOptions& options :
       {CsvOptions{.label_column = 0}, CsvOptions{.label_column = -3}, CsvOptions{.label_column = "y"}}) {
    const auto data = read(content, options);
    CHECK(copy(data.features()) == std::vector<float>{2, 3, 5, 6});
    CHECK(copy(data.labels()) == std::vector<std::int32_t>{1, 0});
  }
  CHECK(copy(read(content, {.label_column = "a", .target = CsvTarget::number}).features()) ==
        std::vector<float>{1, 3, 0, 6});
}

TEST_CASE("a table may do without a header, and with other delimiters") {
  const auto data = read("1;2;0\n3;4;1\n", {.header = false, .delimiter = ';'});
  CHECK(data.size() == 2);
  CHECK(copy(data.sample(1)) == std::vector<float>{3, 4});
}

TEST_CASE("a table may hold numbers to predict, or features alone") {
  const auto prices = read<double>("size,price\n10,0.1\n20,-2.5\n",
                                   {.label_column = "price", .target = CsvTarget::number});
  CHECK(prices.target_size() == 1);
  CHECK(copy(prices.targets()) == std::vector<double>{0.1, -2.5});
  CHECK_FALSE(prices.has_labels());

  const auto features = read("a,b\n1,2\n3,4\n", {.target = CsvTarget::none});
  CHECK(features.sample_size() == 2);
  CHECK_FALSE(features.has_labels());
  CHECK_FALSE(features.has_targets());
}

TEST_CASE("quoted names may hold delimiters, quotes and line ends") {
  const auto data = read("\"size, \"\"net\"\"\",\"two\nlines\",y\n1,2,0\n", {.label_column = "size, \"net\""});
  CHECK(copy(data.features()) == std::vector<float>{2, 0});
  CHECK(data.label(0) == 1);
  // The line break inside the quotes counts.
  CHECK_THROWS_WITH(read("\"two\nlines\",y\n1,0\nbad,0\n"), Contains(":4: column 1"));
}

TEST_CASE("what isn't a finite number is an error with file, line and column") {
  const Table table{"width,height,kind\n1,2,0\n3,tall,1\n"};
  CHECK_THROWS_WITH(
      tenon::read_csv(table.path),
      table.path +
          ":3: column 2 (\"height\"): expected a finite number, got \"tall\"; texts are .categorical, or .leave_out");
  for (const std::string bad :
       {"", " ", "nan", "inf", "-inf", "1e999", "1e39", "0x10", "1.5x", "1 2", "--1", "+-1", "+", "1,5", "\"1,5\""}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(read("a,y\n" + bad + ",0\n"), tenon::Error);
  }
  CHECK(read<double>("a,y\n1e39,0\n").sample(0)[0] == 1e39);
}

TEST_CASE("what isn't a class is an error with file, line and column") {
  CHECK_THROWS_WITH(read("a,y\n1,0\n2,0.5\n"),
                    EndsWith(":3: column 2 (\"y\"): expected a class index, an integer from 0, got "
                             "\"0.5\"; numbers to predict are .target = CsvTarget::number"));
  CHECK_THROWS_WITH(read("1,-1\n", {.header = false}), Contains(":1: column 2: expected a class"));
  CHECK_THROWS_WITH(read("a,y\n1,3\n", {.classes = 3}), Contains("expected a class index from 0 to 2, got \"3\""));
  CHECK_THROWS_AS(read("a,y\n1,99999999999\n"), tenon::Error);
  CHECK_THROWS_WITH(read("a,y\n1,setosa\n"), EndsWith("got \"setosa\"; names of classes are .categorical"));
  CHECK(read("a,y\n1,2\n", {.classes = 5}).classes() == 5);
}

TEST_CASE("what a terminal could take for a command is escaped, and other files are named") {
  CHECK_THROWS_WITH(read("a\x1b[2J,y\n\x1b[31mred,0\n"),
                    EndsWith(":2: column 1 (\"a\\x1b[2J\"): expected a finite number, got \"\\x1b[31mred\"; texts are "
                             ".categorical, or .leave_out"));
  CHECK_THROWS_WITH(read("a\x1b[2J,y\n1,0\n", {.label_column = "z"}),
                    EndsWith(": expected a column \"z\", got a\\x1b[2J, y"));
  CHECK_THROWS_WITH(read("a,y\n\"1\"\x1b,0\n"), EndsWith("got '\\x1b'"));
  CHECK_THROWS_WITH(read(std::string("PK\x03\x04\0\0\0\0", 8)),
                    Contains("got a NUL at byte 4 (it seems to be a zip archive"));
  CHECK_THROWS_WITH(read(std::string(300'000, ',') + "\n"), Contains(":1: expected at most 262144 columns, got more"));
}

TEST_CASE("a file that is no table is named, whichever line it fails in") {
  CHECK_THROWS_WITH(read("<!DOCTYPE html><html><body>404</body></html>"),
                    EndsWith("(it seems to be an HTML page: a server's answer in place of the file?)"));
  CHECK_THROWS_WITH(read("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
                    Contains("(it seems to be a Git LFS pointer"));
  CHECK_THROWS_WITH(read("\x89PNG\r\n\x1a\n"), EndsWith("(it seems to be a PNG picture)"));
  CHECK_THROWS_WITH(read("\xff\xfe" + std::string("1\0,\0", 4)),
                    EndsWith("(it seems to be a text in UTF-16: save it as UTF-8)"));
}

TEST_CASE("lines of other lengths are errors") {
  CHECK_THROWS_WITH(read("a,b,y\n1,2,0\n1,0\n"), EndsWith(":3: expected 3 columns, got 2"));
  CHECK_THROWS_WITH(read("a,b,y\n1,2,0,\n"), EndsWith(":2: expected 3 columns, got 4"));
  CHECK_THROWS_WITH(read("a,b,y\n1,2,0\n\n1,2,0\n"), EndsWith(":3: expected 3 columns, got 1"));
  CHECK_THROWS_WITH(read("a,b,y\n1,2,0\n1,2,"), Contains(":3: column 3") && Contains("got \"\""));
}

TEST_CASE("broken quotes are errors") {
  CHECK_THROWS_WITH(read("a,y\n1,0\n\"2,0\n3,1\n"), EndsWith(":3: expected a closing quote, got the end of the file"));
  CHECK_THROWS_WITH(read("a,y\n\"1\"2,0\n"), EndsWith(":2: expected ',' or a line end after a closing quote, got '2'"));
}

TEST_CASE("tables without rows, columns or file are errors") {
  CHECK_THROWS_WITH(read(""), Contains("at least one line of numbers"));
  CHECK_THROWS_WITH(read("\n\n"), Contains("at least one line of numbers"));
  CHECK_THROWS_WITH(read("a,y\n"), Contains("at least one line of numbers"));
  CHECK_THROWS_WITH(read("y\n1\n"), Contains("at least one column of features"));
  CHECK_THROWS_WITH(read("a,y\n1,0\n", {.label_column = "z"}), EndsWith(": expected a column \"z\", got a, y"));
  CHECK_THROWS_WITH(read("1,0\n", {.header = false, .label_column = "z"}),
                    EndsWith("got no names, for .header is false"));
  CHECK_THROWS_WITH(read("a,y\n1,0\n", {.label_column = 2}), EndsWith(": label column 2 is outside the 2 columns"));
  CHECK_THROWS_WITH(read("a,y\n1,0\n", {.label_column = -3}), Contains("outside the 2 columns"));
  CHECK_THROWS_WITH(tenon::read_csv("/no/such/table.csv"),
                    "/no/such/table.csv: expected a table that can be read, but No such file or directory");
  CHECK_THROWS_WITH(read("a\n", {.delimiter = '"'}), Contains("delimiter"));
  CHECK_THROWS_WITH(read("a,b,y\n", {.delimiter = '\0'}), Contains("no NUL"));
  CHECK_THROWS_WITH(read("1525350\n", {.delimiter = '5'}),
                    Contains("delimiter: expected one that no number has, got '5'"));
  CHECK_THROWS_WITH(read("a;y\n1;0\n"), EndsWith("got none of 1 column; .delimiter is ','"));
  CHECK_THROWS_WITH(read("a,a,y\n1,2,0\n", {.label_column = "a"}),
                    EndsWith("expected one column \"a\", got two: 1 and 2; choose by number"));
}

TEST_CASE("a header is recognised, and can be stated") {
  CHECK(read("1,2,0\n3,4,1\n").size() == 2);
  CHECK(read("a,2019,2020\nx,1,0\n", {.header = true, .categorical = {0}}).size() == 1);
  const tenon::CsvOptions texts{.target = CsvTarget::none, .categorical = {0}};
  CHECK(read("red,1\nblue,2\n", texts).size() == 2);  // the first column has texts in both
  CHECK(read("colour,size\nblue,2\n", texts).size() == 1);
  CHECK_THROWS_WITH(read("a,y\n1,0\n", {.header = false}), Contains(":1: column 1: expected a finite number"));
  // no line is lost because a number in it cannot be read
  for (const std::string field : {"0x10", "1e400", "\"1,000\"", "-", "3.5.1", ".x"}) {
    CAPTURE(field);
    CHECK_THROWS_WITH(read("1," + field + ",0\n2,3,1\n"), Contains(":1: column 2: expected a finite number"));
  }
  CHECK(read<double>("1,1e-400,0\n2,-1e-999,1\n").features()[3] == 0);  // what is that small is 0
}

TEST_CASE("lines may end in CR alone") {
  CHECK(copy(read("a,b,y\r1,2,0\r3,4,1\r").features()) == std::vector<float>{1, 2, 3, 4});
  CHECK_THROWS_WITH(read("a,y\r1,0\r\r\n2,x"), Contains(":3: expected 2 columns, got 1"));
}

TEST_CASE("texts become one of several numbers, or codes in a column of their own") {
  const std::string content = "city,size,street,kind\nRome,1,b,cat\nOslo,2,a,dog\n\"Rome\",3,b,dog\n";
  const auto table = tenon::read_csv_table(Table{content}.path,
                                           {.categorical = {"city", {"street", tenon::CsvText::codes}, "kind"}});
  CHECK(copy(table.data.feature_column("features")[0]) == std::vector<float>{0, 1, 1});
  CHECK(copy(table.data.feature_column("features")[1]) == std::vector<float>{1, 0, 2});
  CHECK(table.data.feature_column("street")[0][0] == 1);
  CHECK(table.data.feature_column("street")[1][0] == 0);
  CHECK(copy(table.data.labels()) == std::vector<std::int32_t>{0, 1, 1});
  CHECK(table.columns[0].texts == std::vector<std::string>{"Oslo", "Rome"});
  CHECK(table.columns[3].texts == std::vector<std::string>{"cat", "dog"});

  // other samples in the same way, though the file has other texts
  const auto more = read("city,size,street,kind\nRome,5,a,dog\n",
                         {.categorical = {"city", {"street", tenon::CsvText::codes}, "kind"}, .like = table.columns});
  CHECK(copy(more.feature_column("features")[0]) == std::vector<float>{0, 1, 5});
  CHECK(more.classes() == 2);
  CHECK(more.label(0) == 1);
  CHECK_THROWS_WITH(read("city,size,street,kind\nBern,5,a,dog\n",
                         {.categorical = {"city", {"street", tenon::CsvText::codes}, "kind"}, .like = table.columns}),
                    EndsWith(":2: column 1 (\"city\"): expected one of 2 texts (Oslo, Rome), got \"Bern\""));
  CHECK_THROWS_WITH(read("a,y\nx,0\ny,0\nz,1\n", {.categorical = {{"a", tenon::CsvText::one_hot, {}, 2}}}),
                    EndsWith(":4: column 1 (\"a\"): expected at most 2 different texts, got \"z\""));
  CHECK_THROWS_WITH(
      read("a,y\nx,0\n,0\n", {.categorical = {"a"}}),
      EndsWith(":3: column 1 (\"a\"): expected a text, got \"\"; .missing says what stands there instead"));
}

TEST_CASE("missing numbers are errors, or a mean, a median or a number") {
  const std::string content = "a,b,y\n1,NA,0\n2,5,1\n,6,0\n9,10,1\n";
  CHECK_THROWS_WITH(read(content),
                    Contains(":2: column 2 (\"b\"): expected a finite number, got \"NA\"; .missing says"));
  CHECK(copy(read(content, {.missing = tenon::Missing::mean}).features()) ==
        std::vector<float>{1, 7, 2, 5, 4, 6, 9, 10});
  CHECK(copy(read(content, {.missing = tenon::Missing::median}).features()) ==
        std::vector<float>{1, 6, 2, 5, 2, 6, 9, 10});
  CHECK(copy(read(content, {.missing = -1.0}).features()) == std::vector<float>{1, -1, 2, 5, -1, 6, 9, 10});
  const auto known = tenon::read_csv_table(Table{content}.path, {.missing = tenon::Missing::mean}).columns;
  CHECK(copy(read("a,b,y\n,,0\n", {.missing = tenon::Missing::mean, .like = known}).features()) ==
        std::vector<float>{4, 7});
  CHECK(copy(read("a,y\n-,0\n", {.missing = 3.0, .missing_words = {"-"}}).features()) == std::vector<float>{3});
  CHECK_THROWS_WITH(read("a,y\nNA,0\n", {.missing = 3.0, .missing_words = {"-"}}), Contains("got \"NA\""));
  CHECK_THROWS_WITH(read("a,b,y\n1,,0\n", {.missing = tenon::Missing::mean}),
                    Contains("column 2 (\"b\"): expected a number at least once, got none in 1 lines"));
  const auto whole = tenon::read_csv_table(Table{"a,b,y\n1,2,0\n"}.path, CsvOptions{}).columns;
  CHECK_THROWS_WITH(read("a,b,y\n1,,0\n", {.missing = tenon::Missing::mean, .like = whole}),
                    EndsWith("column 2 (\"b\"): expected what stands for missing numbers in .like, got none: read that "
                             "table with .missing too"));
  CHECK(copy(read("a,b,y\n1,,0\n", {.missing = 7.0, .like = whole}).features()) == std::vector<float>{1, 7});
  CHECK_THROWS_WITH(read("a,y\n1,\n", {.missing = 0.0}), Contains(":2: column 2 (\"y\"): expected a class index"));
}

TEST_CASE("what stood in for missing numbers elsewhere is finite") {
  CsvOptions options{.missing = tenon::Missing::mean};
  options.like = {{"", {}, std::nan("")}, {}};
  CHECK_THROWS_WITH(read("1,0\n", options), Contains("like: expected a finite number for missing ones, got nan"));
}

TEST_CASE("a table that is like another has its columns in their order") {
  const auto known = tenon::read_csv_table(Table{"a,b,y\n1,2,0\n"}.path, CsvOptions{}).columns;
  CHECK(copy(read("a,b,y\n3,4,1\n", {.like = known}).features()) == std::vector<float>{3, 4});
  CHECK(copy(read("3,4,1\n", {.like = known}).features()) == std::vector<float>{3, 4});
  CHECK_THROWS_WITH(read("b,a,y\n4,3,1\n", {.like = known}),
                    EndsWith("column 1: expected \"a\", as in the table that it is to be like, got \"b\""));
}

TEST_CASE("numbers that cannot be meant are refused with the option that would help, if one would") {
  CHECK_THROWS_WITH(read("1,inf,0\n"), EndsWith(":1: column 2: expected a finite number, got \"inf\""));
  CHECK_THROWS_WITH(read("1,1e39,0\n"), EndsWith(":1: column 2: expected a finite number, got \"1e39\""));
  CHECK_THROWS_WITH(read("\n1,2,0\n"), EndsWith(":1: expected names or numbers, got a blank line"));
  CHECK(read("1,2,999999\n").classes() == 1'000'000);
  CHECK(read("1,2,1700000000\n", {.classes = 1'800'000'000}).label(0) == 1'700'000'000);
  CHECK_THROWS_WITH(read("1,2,1700000000\n"),
                    EndsWith(":1: column 3: expected a class index from 0 to 999999, got \"1700000000\"; more classes "
                             "are .classes, numbers to predict are .target = CsvTarget::number"));
  CHECK_THROWS_WITH(read("a,y\nx,0\n", {.categorical = {{"a", tenon::CsvText::one_hot, {"x", "z"}, 1}}}),
                    EndsWith("column 1: expected at most 1 texts, got 2"));
}

TEST_CASE("decimals may begin with a comma, and columns be left out") {
  const auto data = read<double>(
      "day;a;y\n1.2.03;-1,5;2,25\n",
      {.label_column = "y", .delimiter = ';', .target = CsvTarget::number, .decimal = ',', .leave_out = {"day"}});
  CHECK(copy(data.features()) == std::vector<double>{-1.5});
  CHECK(copy(data.targets()) == std::vector<double>{2.25});
  CHECK_THROWS_WITH(read("a;y\n1.5;0\n", {.delimiter = ';', .decimal = ','}),
                    Contains("expected a finite number, got \"1.5\"; .decimal says what begins the decimals"));
  CHECK_THROWS_WITH(read("a,y\n1,0\n", {.decimal = ','}), Contains("got ',' for both"));
  CHECK(copy(read("a,b,y\n1,x,0\n", {.only = {"a"}}).features()) == std::vector<float>{1});
  CHECK(copy(read("a,b,c,y\n1,2,3,0\n4,,6,1\n", {.missing = 9.0, .only = {"c", "b", "y"}}).features()) ==
        std::vector<float>{3, 2, 6, 9});
  CHECK_THROWS_WITH(read("a,b,y\n1,2,0\n", {.only = {"a", 0, "y"}}), Contains("column 1 is named twice in .only"));
  CHECK_THROWS_WITH(read("a,y\n1,0\n", {.leave_out = {"y"}}), Contains("label column that is not left out"));
}

TEST_CASE("a row is a type") {
  namespace csv = tenon::csv;
  using Home = csv::Row<csv::Column<"age", csv::number>, csv::Column<"city", csv::category<3>>, csv::Target<"price">>;
  static_assert(std::is_same_v<Home::shape, tenon::Shape<4>> && std::is_same_v<Home::answer, tenon::Values<1>>);
  const Table table("city,note,price,age\nRome,?,10,3\nOslo,?,20,4\n");
  const auto homes = csv::read<Home>(table.path);
  static_assert(std::is_same_v<decltype(homes), const tenon::TypedDataset<tenon::Shape<4>, tenon::Values<1>>>);
  CHECK(copy(homes.sample(0)) == std::vector<float>{3, 0, 1, 0});
  CHECK(homes.target(1)[0] == 20);
  using Kind = csv::Row<csv::Column<"age">, csv::Target<"city", csv::category<2>>>;
  CHECK(csv::read<Kind>(table.path).label(0) == 1);
  using Lost = csv::Row<csv::Column<"size">, csv::Target<"price">>;
  CHECK_THROWS_WITH(csv::read<Lost>(table.path), Contains("expected a column \"size\", got city, note, price, age"));

  const auto like = csv::like<Home>(table.path);
  const Table other("city,note,price,age\nRome,?,10,3\n");
  CHECK(copy(csv::read<Home>(other.path, like).sample(0)) == std::vector<float>{3, 0, 1, 0});
  const Table reordered("price,age,city\n10,3,Rome\n20,4,Oslo\n");
  CHECK(copy(csv::read<Home>(reordered.path).features()) == copy(homes.features()));
}

TEST_CASE("any bytes either make a table or an error") {
  constexpr std::string_view alphabet = "0123,,\"\"\n\r.-e \x01\xff";
  std::string noise;
  tenon::Stream stream{1};
  for (int round = 0; round < 2000; ++round) {
    noise.clear();
    for (int i = 0; i < 24; ++i) noise += alphabet[stream.below(alphabet.size())];
    try {
      read(noise, {.header = false});
    } catch (const tenon::Error&) {
    }
  }
  SUCCEED();
}
