#include <tenon/report/table.hpp>

#include <catch2/catch.hpp>

#include <limits>

using namespace tenon;

TEST_CASE("counts are grouped by thousands") {
  CHECK(format_count(0) == "0");
  CHECK(format_count(999) == "999");
  CHECK(format_count(1000) == "1,000");
  CHECK(format_count(101770) == "101,770");
  CHECK(format_count(1234567) == "1,234,567");
  CHECK(format_count(std::numeric_limits<std::uint64_t>::max()) == "18,446,744,073,709,551,615");
}

TEST_CASE("bytes are given in the unit that suits them") {
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(1023) == "1023 B");
  CHECK(format_bytes(1024) == "1.0 KiB");
  CHECK(format_bytes(407080) == "397.5 KiB");
  CHECK(format_bytes((1 << 20) - 1) == "1.0 MiB");  // not 1024.0 KiB
  CHECK(format_bytes(std::uint64_t{5} << 30) == "5.0 GiB");
  CHECK(format_bytes(std::numeric_limits<std::uint64_t>::max()) == "16.0 EiB");
}

TEST_CASE("a table aligns numbers right and words left") {
  const std::vector<std::string> headers{"workload", "batch", "time", "peer", "ratio", "note"};
  const std::vector<std::vector<std::string>> rows{
      {"2 layers", "64", "1.24 ms", "2.83 ms", "2.28x", "größer"},
      {"W7", "1,024", "12 µs", "-", "-0.5", "3 <x>"},
      {"short row"},
  };
  CHECK(format_table(headers, rows) == " workload    batch      time      peer   ratio   note\n"
                                       "========================================================\n"
                                       " 2 layers       64   1.24 ms   2.83 ms   2.28x   größer\n"
                                       " W7          1,024     12 µs         -    -0.5   3 <x>\n"
                                       " short row\n");
}

TEST_CASE("bare numbers in the first column are aligned right too") {
  const std::vector<std::string> headers{"epoch", "loss"};
  const std::vector<std::vector<std::string>> rows{{"9", "1e-05"}, {"10", "nan"}};
  CHECK(format_table(headers, rows) == " epoch    loss\n"
                                       "===============\n"
                                       "     9   1e-05\n"
                                       "    10     nan\n");
}

TEST_CASE("a table without rows or columns") {
  const std::vector<std::string> headers{"a", "b"};
  CHECK(format_table(headers, {}) == " a   b\n=======\n");
  CHECK(format_table({}, {}) == "\n\n");
}

TEST_CASE("a network's summary, to the letter") {
  const std::vector<SummaryRow> rows{{"0 Dense<784,128>", "(128)", 100480},
                                     {"1 ReLU", "(128)", 0},
                                     {"2 Dropout<0.5>", "(128)", 0},
                                     {"3 Dense<128,10>", "(10)", 1290},
                                     {"4 Softmax", "(10)", 0}};
  const SummaryTotals totals{.trainable = 101770,
                             .frozen = 0,
                             .parameter_bytes = 407080,
                             .training_bytes = 2'300'000,
                             .inference_bytes = 500'000,
                             .batch = 64};
  CHECK(format_summary("Sequential", rows, totals) == " Sequential\n"
                                                      "----------------------------------------------\n"
                                                      " Layer              Output shape   Parameters\n"
                                                      "==============================================\n"
                                                      " 0 Dense<784,128>   (128)             100,480\n"
                                                      " 1 ReLU             (128)                   0\n"
                                                      " 2 Dropout<0.5>     (128)                   0\n"
                                                      " 3 Dense<128,10>    (10)                1,290\n"
                                                      " 4 Softmax          (10)                    0\n"
                                                      "==============================================\n"
                                                      " Parameters                           101,770\n"
                                                      "   trainable                          101,770\n"
                                                      "   frozen                                   0\n"
                                                      " Memory\n"
                                                      "   parameters                       397.5 KiB\n"
                                                      "   training, batch 64                 2.2 MiB\n"
                                                      "   inference, batch 64              488.3 KiB\n"
                                                      "----------------------------------------------\n");
}

TEST_CASE("a small network's summary is as wide as its totals need") {
  const std::vector<SummaryRow> rows{{"0 ReLU", "(2)", 0}};
  const SummaryTotals totals{.trainable = 0,
                             .frozen = 12,
                             .parameter_bytes = 48,
                             .training_bytes = 123'456'789,
                             .inference_bytes = 987'654,
                             .batch = 1'000'000};
  CHECK(format_summary("ReLU", rows, totals) == " ReLU\n"
                                                "------------------------------------------\n"
                                                " Layer          Output shape   Parameters\n"
                                                "==========================================\n"
                                                " 0 ReLU         (2)                     0\n"
                                                "==========================================\n"
                                                " Parameters                            12\n"
                                                "   trainable                            0\n"
                                                "   frozen                              12\n"
                                                " Memory\n"
                                                "   parameters                        48 B\n"
                                                "   training, batch 1,000,000    117.7 MiB\n"
                                                "   inference, batch 1,000,000   964.5 KiB\n"
                                                "------------------------------------------\n");
}
