#include <tenon/report/long_job.hpp>
#include <tenon/report/progress.hpp>

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/counting_new.hpp"

using namespace tenon;

namespace {

const std::vector<NamedValue> values{{"loss", 0.2345}, {"accuracy", 0.9321}};

std::string line_of(std::size_t columns, std::size_t done = 512, std::size_t total = 1437, double elapsed = 2) {
  std::array<char, 1024> buffer;
  return std::string(detail::format_progress(buffer, {"epoch 3/5", done, total, "samples", values, elapsed}, columns));
}

std::string finished(std::span<const NamedValue> shown, double elapsed) {
  std::array<char, 1024> buffer;
  return std::string(detail::format_finished(buffer, "job", shown, elapsed));
}

/// Everything that can be read without waiting.
std::string drain(int descriptor) {
  std::string text;
  std::array<char, 4096> part;
  for (ssize_t got; (got = ::read(descriptor, part.data(), part.size())) > 0;)
    text.append(part.data(), static_cast<std::size_t>(got));
  return text;
}

struct Pipe {
  int ends[2]{};
  std::FILE* file = nullptr;
  Pipe() {
    REQUIRE(::pipe(ends) == 0);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    file = ::fdopen(ends[1], "w");
  }
  ~Pipe() {
    std::fclose(file);
    ::close(ends[0]);
  }
  std::string text() const { return drain(ends[0]); }
};

/// A pseudo-terminal: the program writes to `file`, the test reads what would be on the screen.
struct Terminal {
  int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  std::FILE* file = nullptr;
  explicit Terminal(unsigned short columns) {
    REQUIRE(master >= 0);
    REQUIRE(::grantpt(master) == 0);
    REQUIRE(::unlockpt(master) == 0);
    const int slave = ::open(::ptsname(master), O_RDWR | O_NOCTTY);
    REQUIRE(slave >= 0);
    file = ::fdopen(slave, "w");
    resize(columns);
  }
  ~Terminal() {
    std::fclose(file);
    ::close(master);
  }
  void resize(unsigned short columns) const {
    winsize size{};
    size.ws_row = 24;
    size.ws_col = columns;
    REQUIRE(::ioctl(master, TIOCSWINSZ, &size) == 0);
  }
  std::string text() const { return drain(master); }
};

/// What a terminal of `columns` shows after this text: its lines, a carriage return writing over the line.
std::vector<std::string> screen(const std::string& text, std::size_t columns) {
  std::vector<std::string> lines(1);
  std::size_t column = 0;
  for (const char c : text) {
    if (c == '\r') {
      column = 0;
    } else if (c == '\n') {
      lines.emplace_back();
      column = 0;
    } else {
      if (column == columns) {
        lines.emplace_back();
        column = 0;
      }
      auto& line = lines.back();
      if (line.size() <= column) line.resize(column + 1, ' ');
      line[column++] = c;
    }
  }
  for (auto& line : lines) line.erase(line.find_last_not_of(' ') + 1);
  return lines;
}

void wait(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

/// The text with every seconds' digit hidden: "0.1 s" and "0.2 s" are the same to a test.
std::string without_time(std::string text) {
  const auto end = text.rfind(" s");
  for (auto i = end; i != std::string::npos && i > 0 && text[i - 1] != ' '; --i)
    if (text[i - 1] != '.') text[i - 1] = '#';
  return text;
}

/// The terminal's kind while a test runs.
struct TermVariable {
  std::optional<std::string> before;
  explicit TermVariable(const char* kind) {
    if (const char* value = std::getenv("TERM")) before = value;
    ::setenv("TERM", kind, 1);
  }
  ~TermVariable() { before ? ::setenv("TERM", before->c_str(), 1) : ::unsetenv("TERM"); }
};

}  // namespace

TEST_CASE("a line keeps what matters most in the width there is") {
  CHECK(line_of(120) ==
        "epoch 3/5 [==========>                   ]  512/1437  loss 0.2345  accuracy 0.9321  256 samples/s  ETA 0:04");
  CHECK(line_of(90) == "epoch 3/5 [====>        ]  512/1437  loss 0.2345  accuracy 0.9321  256 samples/s  ETA 0:04");
  CHECK(line_of(79) == "epoch 3/5 [===>      ]  512/1437  loss 0.2345  accuracy 0.9321  256/s  ETA 0:04");
  CHECK(line_of(72) == "epoch 3/5 [===>      ]  512/1437  loss 0.2345  accuracy 0.9321  ETA 0:04");
  CHECK(line_of(66) == "epoch 3/5  512/1437  loss 0.2345  accuracy 0.9321  256/s  ETA 0:04");
  CHECK(line_of(50) == "epoch 3/5  512/1437  loss 0.2345  256/s  ETA 0:04");
  CHECK(line_of(30) == "epoch 3/5  512/1437  ETA 0:04");
  CHECK(line_of(20) == "epoch 3/5  512/1437");
  CHECK(line_of(5) == "epoch");
  CHECK(line_of(0).empty());
  for (std::size_t columns = 0; columns < 200; ++columns) CHECK(line_of(columns).size() <= columns);
}

TEST_CASE("the bar's beginning, end and beyond") {
  CHECK(line_of(72, 0, 1437, 0) == "epoch 3/5 [                    ]    0/1437  loss 0.2345  accuracy 0.9321");
  CHECK(line_of(72, 1437, 1437, 0) == "epoch 3/5 [====================] 1437/1437  loss 0.2345  accuracy 0.9321");
  CHECK(line_of(76, 9, 8, 0) == "epoch 3/5 [==============================] 9/8  loss 0.2345  accuracy 0.9321");
  CHECK(line_of(70, 512, 0) == "epoch 3/5 512  loss 0.2345  accuracy 0.9321  256 samples/s");
}

TEST_CASE("rates and times") {
  CHECK(line_of(120, 168'624, 500'000).find("84,312 samples/s  ETA 0:04") != std::string::npos);
  CHECK(line_of(79, 168'624, 500'000).ends_with("84k/s  ETA 0:04"));
  CHECK(line_of(80, 3'000, 500'000).ends_with("1.5k/s  ETA 5:31"));
  CHECK(line_of(60, 1, 10'000'000, 1).find("ETA 2777:46:39") != std::string::npos);
  CHECK(line_of(76, 1'999'999, 1).ends_with("1.0M/s  ETA 0:00"));
  CHECK(finished({}, 1.24) == "job  1.2 s");
  CHECK(finished({}, 75) == "job  75.0 s");
  CHECK(finished({}, 123) == "job  2:03 min");
  CHECK(finished({}, 3725) == "job  1:02:05 h");
}

TEST_CASE("values of every size and kind") {
  const auto shown = [](double value) {
    const std::vector<NamedValue> one{{"v", value}};
    return finished(one, 0).substr(7, finished(one, 0).size() - 14);
  };
  CHECK(shown(0.93210) == "0.9321");
  CHECK(shown(0) == "0.0000");
  CHECK(shown(-12.5) == "-12.5000");
  CHECK(shown(0.00042) == "4.200e-04");
  CHECK(shown(1e30) == "1.000e+30");
  CHECK(shown(std::nan("")) == "nan");
  CHECK(shown(-std::nan("")) == "nan");
  CHECK(shown(-INFINITY) == "-inf");
}

TEST_CASE("more text than fits is cut between characters") {
  std::array<char, 1024> buffer;
  const std::string job = "größenlauf";
  const auto line = [&](std::size_t columns) {
    return std::string(detail::format_progress(buffer, {job, 0, 0, "items", {}, 0}, columns));
  };
  CHECK(line(4) == "größ");
  CHECK(line(3) == "grö");
  CHECK(line(12) == "größenlauf 0");
  std::array<char, 5> small;
  CHECK(detail::format_finished(small, job, {}, 0) == "grö ");
  const std::vector<NamedValue> many(100, NamedValue{"a rather long name", 1.0});
  CHECK(detail::format_finished(buffer, job, many, 0).size() <= buffer.size());
  CHECK(detail::format_progress(buffer, {job, 1, 2, "items", many, 1}, 5000).size() <= buffer.size());
}

TEST_CASE("the line that stays fits the window") {
  const std::vector<NamedValue> four{
      {"loss", 0.2345}, {"accuracy", 0.9321}, {"val_loss", 0.21}, {"val_accuracy", 0.94}};
  const auto line = [&](std::size_t columns) {
    std::array<char, 1024> buffer;
    return std::string(detail::format_finished(buffer, "epoch  10/100", four, 1.25, columns));
  };
  CHECK(line(1000) == "epoch  10/100  loss 0.2345  accuracy 0.9321  val_loss 0.2100  val_accuracy 0.9400  1.2 s");
  CHECK(line(79) == "epoch  10/100  loss 0.2345  acc 0.9321  val_loss 0.2100  val_acc 0.9400  1.2 s");
  CHECK(line(75) == "epoch  10/100  loss 0.2345  acc 0.9321  val_loss 0.2100  val_acc 0.9400");
  CHECK(line(60) == "epoch  10/100  loss 0.2345  acc 0.9321  val_loss 0.2100");
  CHECK(line(5) == "epoch  10/100");
  const TermVariable term("xterm");
  const Terminal terminal(80);
  Progress progress(terminal.file);
  progress.begin(10, 100, 10);
  progress.finish(four);
  const auto all = screen(terminal.text(), 80);
  REQUIRE(all.size() == 2);  // it did not wrap
  CHECK(without_time(all[0]) == "epoch  10/100  loss 0.2345  acc 0.9321  val_loss 0.2100  val_acc 0.9400  #.# s");
}

TEST_CASE("in a pipe there is one plain line an epoch") {
  const Pipe pipe;
  Progress progress(pipe.file);
  progress.begin(3, 10, 1437);
  for (std::size_t done = 0; done <= 1437; ++done) progress.update(done, values);
  CHECK(pipe.text().empty());
  progress.finish({{"loss", 0.2345}, {"accuracy", 0.9321}, {"val_loss", 0.21}, {"val_accuracy", 0.94}});
  CHECK(without_time(pipe.text()) ==
        "epoch  3/10  loss 0.2345  accuracy 0.9321  val_loss 0.2100  val_accuracy 0.9400  #.# s\n");
  progress.finish();
  progress.update(1);
  CHECK(pipe.text().empty());
}

TEST_CASE("a named job in a pipe") {
  const Pipe pipe;
  Progress progress(pipe.file);
  progress.begin("reading", 3);
  progress.update(2);
  progress.finish();
  CHECK(without_time(pipe.text()) == "reading  #.# s\n");
}

TEST_CASE("quiet is quiet, in a pipe and on a terminal") {
  const TermVariable term("xterm");
  const Pipe pipe;
  const Terminal terminal(80);
  for (auto* file : {pipe.file, terminal.file, static_cast<std::FILE*>(nullptr)}) {
    Progress progress(file, Progress::Mode::quiet);
    progress.begin(1, 1, 10);
    progress.update(5, values);
    progress.finish(values);
  }
  Progress(nullptr).begin(1, 1, 10);
  CHECK(pipe.text().empty());
  CHECK(terminal.text().empty());
}

TEST_CASE("on a terminal the line is redrawn in place, and a plain one stays") {
  const TermVariable term("xterm");
  const Terminal terminal(80);
  Progress progress(terminal.file);
  progress.begin(1, 2, 1000);
  CHECK(screen(terminal.text(), 80) ==
        std::vector<std::string>{"epoch 1/2 [                              ]    0/1000"});
  wait(0.12);
  progress.update(500, values);
  const auto text = terminal.text();
  CHECK(text.starts_with('\r'));
  CHECK(text.find('\n') == std::string::npos);
  const auto line = screen(text, 80).front();
  CHECK(line.starts_with("epoch 1/2 [="));
  CHECK(line.find("  500/1000  loss 0.2345  accuracy 0.9321  ") != std::string::npos);
  CHECK(line.find("/s  ETA 0:0") != std::string::npos);
  progress.finish({{"loss", 0.1}});
  const auto all = screen(text + terminal.text(), 80);
  REQUIRE(all.size() == 2);
  CHECK(without_time(all[0]) == "epoch 1/2  loss 0.1000  #.# s");
  CHECK(all[1].empty());
}

TEST_CASE("the line is redrawn at most ten times a second, and when it is full") {
  const TermVariable term("xterm");
  const Terminal terminal(80);
  Progress progress(terminal.file);
  const auto start = std::chrono::steady_clock::now();
  progress.begin(1, 1, 1'000'000'000);
  std::size_t updates = 0;
  std::string text;
  for (; std::chrono::steady_clock::now() - start < std::chrono::milliseconds(450); ++updates) {
    progress.update(updates, values);
    text += terminal.text();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const auto draws = std::ranges::count(text, '\r');
  CHECK(updates > 100);
  CHECK(draws >= 3);
  CHECK(static_cast<double>(draws) <= took.count() * 10 + 1);
  progress.update(1'000'000'000, values);
  CHECK(terminal.text().find("1000000000/1000000000") != std::string::npos);
}

TEST_CASE("the line never reaches the last column, also when the window changes") {
  const TermVariable term("xterm");
  for (const unsigned short columns : std::array<unsigned short, 6>{200, 80, 40, 12, 2, 1}) {
    const Terminal terminal(200);
    Progress progress(terminal.file);
    progress.begin(1, 1, 1000);
    terminal.text();
    terminal.resize(columns);
    progress.update(1000, values);
    const auto text = terminal.text();
    CAPTURE(columns, text);
    CHECK(screen(text, columns - 1u).size() == 1);
  }
}

TEST_CASE("an epoch that never finishes leaves its line and moves on") {
  const TermVariable term("xterm");
  const Terminal terminal(60);
  {
    Progress progress(terminal.file);
    progress.begin(1, 5, 10);
    progress.begin(2, 5, 10);
  }
  CHECK(screen(terminal.text(), 60) == std::vector<std::string>{"epoch 1/5 [                              ]  0/10",
                                                                "epoch 2/5 [                              ]  0/10",
                                                                ""});
}

TEST_CASE("plain mode and a dumb terminal get plain lines") {
  const Terminal terminal(80);
  const auto shown = [&](Progress::Mode mode) {
    Progress progress(terminal.file, mode);
    progress.begin(1, 1, 10);
    progress.update(10, values);
    progress.finish();
    return terminal.text();
  };
  const TermVariable xterm("xterm");
  CHECK(without_time(shown(Progress::Mode::plain)) == "epoch 1/1  #.# s\r\n");
  const TermVariable dumb("dumb");
  CHECK(without_time(shown(Progress::Mode::automatic)) == "epoch 1/1  #.# s\r\n");
}

TEST_CASE("nothing is allocated, on a terminal or not") {
  const TermVariable term("xterm");
  const Terminal terminal(80);
  const Pipe pipe;
  for (auto* file : {terminal.file, pipe.file}) {
    Progress progress(file);
    const test::HeapUse used = test::heap_use([&] {
      for (std::size_t epoch = 1; epoch <= 2; ++epoch) {
        progress.begin(epoch, 2, 1000);
        progress.update(10, values);
        wait(0.11);
        progress.update(500, values);
        progress.update(1000, values);
        progress.finish(values);
      }
    });
    CHECK(used.news == 0);
  }
  CHECK_FALSE(terminal.text().empty());
}

TEST_CASE("a long job shows on a terminal how far it is, a short one and one in a pipe nothing") {
  const TermVariable term("xterm");
  const auto work = [](std::FILE* out, double after, bool wanted) {
    LongJob job("drawing", 4, "steps", wanted, after, out);
    for (std::size_t k = 1; k <= 4; ++k) {
      wait(0.03);
      job.update(k);
    }
    job.finish();
  };
  const Terminal terminal(80);
  work(terminal.file, 0, true);
  const std::string shown = terminal.text();
  CHECK_THAT(shown, Catch::Matchers::Contains("drawing [") && Catch::Matchers::Contains("0/3"));
  CHECK(without_time(screen(shown, 80)[0]) == "drawing  #.# s");
  work(terminal.file, 60, true);
  work(terminal.file, 0, false);
  CHECK(terminal.text().empty());
  const Pipe pipe;
  work(pipe.file, 0, true);
  CHECK(pipe.text().empty());
}
