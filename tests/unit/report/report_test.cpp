#include <tenon/tenon.hpp>

#include <cmath>
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

#include "support/folder.hpp"

using Catch::Matchers::Contains;
using namespace tenon;

namespace {

using Net = Sequential<Dense<64, 24>, ReLU, Dense<10>, Softmax>;

struct NewTargets {
  void on_batch(auto&, auto& batch) const { batch.targets[0] = 7; }
};

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("a run's report is one page with everything in it") {
  const test::Folder folder;
  const std::string path = folder / "page.html";
  const auto [train, test] = digits().take(400).stratified_split(0.5, 1);
  Model<Net> model{1};
  Report report{.path = path, .title = "Digits & <letters>", .mistakes = 5};
  const History history = fit(
      model, train,
      Fit{.epochs = 4, .validation = test, .progress = Progress::Mode::quiet, .callbacks = callbacks(report)});
  const std::string page = test::contents(path);

  CHECK_THAT(page, Contains("<h1>Digits &amp; &lt;letters&gt;</h1>"));
  CHECK_THAT(page, Contains("4 epochs, loss " + std::to_string(history.last().training.loss).substr(0, 5)));
  for (const auto* part : {"learning rate", "size of gradients", "0.weight", "2.bias", "Most wrong, validation data",
                           "data:image/png;base64,iVBORw0KGgo", "trainable"})
    CHECK_THAT(page, Contains(part));
  CHECK(count(page, "http") == count(page, "http://www.w3.org/2000/svg"));  // nothing is fetched
  CHECK(count(page, "<svg") == count(page, "</svg>"));
  CHECK(count(page, "<figure>") == 5);

  const RunRecord& record = report.record;
  REQUIRE(record.confusion);
  CHECK(record.confusion->value() == Approx(history.last().validation.accuracy));
  REQUIRE(record.parameters.size() == 4);
  CHECK(record.parameters[0].value_rms.size() == 4);
  CHECK(record.parameters[0].gradient_rms[3] > 0);
  REQUIRE(record.mistakes.size() == 5);
  for (const RunRecord::Mistake& m : record.mistakes) {
    CHECK(m.truth != m.predicted);
    CHECK(m.truth == test.label(m.index));
    CHECK(m.pixels.size() == 64);
  }
  CHECK(record.mistakes[0].confidence >= record.mistakes[4].confidence - 0.5);
}

TEST_CASE("samples are images where their shape says so") {
  const auto size = [](std::vector<std::size_t> shape) {
    const auto s = detail::image_size(shape);
    return std::pair(s.height, s.width);
  };
  CHECK(size({1, 28, 20}) == std::pair<std::size_t, std::size_t>{28, 20});
  CHECK(size({64}) == std::pair<std::size_t, std::size_t>{8, 8});
  CHECK(size({4}) == std::pair<std::size_t, std::size_t>{0, 0});
  CHECK(size({65}) == std::pair<std::size_t, std::size_t>{0, 0});
  CHECK(size({3, 8, 8}) == std::pair<std::size_t, std::size_t>{0, 0});
}

TEST_CASE("a run without epochs or classes has a report too") {
  CHECK_THAT(report_html({}), Contains("No epoch has ended"));
  CHECK_THROWS_AS(write_report({}, "no/such/folder/run.html"), Error);
}

TEST_CASE("a history of any numbers has a report, and none has no last epoch") {
  CHECK_THROWS_WITH(History{}.last(), Contains("expected at least one epoch that has ended, got none"));
  RunRecord run;
  for (const double v :
       {std::numeric_limits<double>::quiet_NaN(), 1e180, -std::numeric_limits<double>::infinity(), 5e-324}) {
    EpochRecord record{.epoch = run.history.epochs.size() + 1, .lr = v, .seconds = 1};
    record.training.loss = record.training.accuracy = record.validation.loss = v;
    run.history.epochs.push_back(record);
  }
  run.parameters.push_back({.name = "0.weight",
                            .values = {0, 5e-324},
                            .gradients = {0.3, 0.1 + 0.2},
                            .value_rms = {1e180, 1, 1, 1},
                            .gradient_rms = {0, 0, 0, 0}});
  CHECK_THAT(report_html(run), Contains("0.weight"));
}

TEST_CASE("a network of numbers is shown with its predictions against the truth") {
  std::vector<float> features, targets;
  for (int i = 0; i < 500; ++i) {
    features.push_back(static_cast<float>(i) / 500);
    targets.push_back(2 * features.back() - 1), targets.push_back(-features.back());
  }
  const Dataset<float> data({1}, features, Targets<float>{targets, 2});
  const test::Folder folder;
  const std::string path = folder / "page.html";
  Model<Sequential<Dense<1, 2>>> model{1};
  Report report{.path = path};
  fit(model, data,
      Fit{.loss = MeanSquaredError{},
          .optimizer = Adam{.lr = 0.05},
          .epochs = 30,
          .progress = Progress::Mode::quiet,
          .callbacks = callbacks(report)});
  std::filesystem::remove(path);
  REQUIRE(report.record.regression);
  R2 r2;
  measure(model, data, r2);
  CHECK(report.record.regression->r2 == r2.value());
  CHECK(r2.value() > 0.99);
  REQUIRE(report.record.regression->truth.size() == 200);
  CHECK(report.record.regression->truth[3] == Approx(-0.01));  // sample 5
  CHECK(std::abs(report.record.regression->predicted[3] + 0.01) < 0.1);
  const std::string page = report_html(report.record);
  CHECK_THAT(page, Contains("R2 0.99") || Contains("R2 1.0"));
  CHECK_THAT(page, Contains("predicted against true") && Contains("training data"));
  CHECK(count(page, "<circle") == 200);
  CHECK(count(page, "class=\"pair\"") == 2);
}

namespace {

using Drawn = Graph<In<"image", 1, 6, 6>, In<"left", 3>, In<"right", 3>,
                    Node<"seen", Sequential<Conv2D<2, 3>, ReLU, Flatten, Dense<4>>, "image">,
                    Node<"a", Dense<4>, "left">, Node<"b", Shared<"a">, "right">,
                    Node<"all", Concat<>, "seen", "a", "b">, Node<"deep", Repeat<3, Residual<Dense<12>, Tanh>>>,
                    Node<"digit", Dense<10>, "deep">, Node<"more", Add<>, "deep", "all">, Out<"digit", "more">>;

}  // namespace

TEST_CASE("a network is drawn as what it is made of") {
  const std::string dot = to_dot<Drawn>();
  INFO(dot);
  // three inputs, seen's frame and 4 layers, a, b, all, two frames with a fork, two layers and a sum, digit, more, two
  // outputs
  CHECK(count(dot, "subgraph") == 3);
  CHECK(count(dot, "shape=point") == 1);
  CHECK(count(dot, "label=\"+\"") == 1);
  CHECK(count(dot, " -> ") == 3 + 3 + 3 + 5 + 1 + 2 + 2);
  CHECK(count(dot, "style=filled") == 5);
  CHECK_THAT(dot, Contains("label=\"deep  Repeat x 3\"") && Contains("label=\"b (shared with a)  Dense<4>\"") &&
                      Contains("[label=\"(2, 4, 4)\"]"));
  CHECK(count(to_dot<Repeat<2, Dense<3, 3>>>(), "label=\"Repeat x 2\"") == 1);
  CHECK(count(to_dot<Dense<3, 2>>(), " -> ") == 2);
}

TEST_CASE("a chain with branches in the language of Graphviz") {
  const std::string chain = to_dot<
      Sequential<Dense<6, 8>, Add<Dense<3>, Sequential<Tanh, Dense<3>>>, Named<"end", Sequential<ReLU>>>>();
  CHECK(chain ==
        R"dot(digraph network {
  node [shape=box, style=rounded, fontname="sans-serif"];
  edge [fontname="sans-serif", fontsize=10];
  n0 [shape=ellipse, style=filled, label="input"];
  n1 [label="0  Dense<6, 8>"];
  subgraph cluster_2 {
    label="1  Add";
    n3 [shape=point];
    n4 [label="0  Dense<3>"];
    n5 [label="1.0  Tanh"];
    n6 [label="1.1  Dense<3>"];
    n7 [shape=ellipse, label="+"];
  }
  subgraph cluster_8 {
    label="end  Sequential";
    n9 [label="0  ReLU"];
  }
  n10 [shape=ellipse, style=filled, label="output"];
  n0 -> n1 [label="(6)"];
  n1 -> n3 [label="(8)"];
  n3 -> n4 [label="(8)"];
  n3 -> n5 [label="(8)"];
  n5 -> n6 [label="(8)"];
  n4 -> n7 [label="(3)"];
  n6 -> n7 [label="(3)"];
  n7 -> n9 [label="(3)"];
  n9 -> n10 [label="(3)"];
}
)dot");
}

TEST_CASE("in a drawing, who reads one output of a graph of several reads that one's box") {
  using Pair = Graph<In<"a">, In<"b">, Node<"u", Dense<3>, "a">, Node<"v", Dense<2>, "b">, Out<"u", "v">>;
  const std::string
      several = to_dot<Graph<In<"x", 3>, In<"t", 2>, Node<"pair", Repeat<2, Pair>, "x", "t">,
                             Node<"y", Dense<1>, "pair.u">, Node<"z", Dense<1>, "pair.v">, Out<"y", "z">>>();
  CHECK(count(several, "OutputAt") == 0);
  CHECK_THAT(several, Contains("n8 [shape=ellipse, style=filled, label=\"u\"]") &&
                          Contains("n9 [shape=ellipse, style=filled, label=\"v\"]") &&
                          Contains("n10 [label=\"y  Dense<1>\"]") && Contains("n8 -> n10") && Contains("n9 -> n11"));
}

TEST_CASE("a network as a picture has the boxes and arrows of its drawing") {
  const std::string svg = to_svg<Drawn>(), dot = to_dot<Drawn>();
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(count(svg, "<path fill=\"none\"") == count(dot, " -> "));
  CHECK(count(svg, "<rect x=") == 3 + 3 + 4 + 3 + 2 + 1 + 1 + 2 + 2);
  CHECK_THAT(svg, Contains(">deep  Repeat x 3</text>") && Contains(">Dense&lt;10&gt;</text>"));

  const test::Folder folder;
  save_graph<Drawn>(folder / "net.svg");
  CHECK(test::contents(folder / "net.svg") == svg);
  CHECK_THROWS_WITH(save_graph<Drawn>(folder / "net.png"),
                    "save_graph: expected a path that ends with .svg, .dot or .gv, got " + (folder / "net.png"));
}

TEST_CASE("a report of a network with several outputs has curves of its metrics") {
  using Net = Graph<In<"x", 2>, Node<"digit", Sequential<Dense<2>, Softmax>, "x">, Node<"value", Dense<1>, "x">,
                    Out<"digit", "value">>;
  const Dataset<float> data{Features<float>{"x", {2}, {0, 1, 1, 0, 1, 1, 0, 0}}, Labels{{0, 1, 0, 1}, 2}.named("digit"),
                            Targets<float>{{1, 2, 3, 4}, 1}.named("value")};
  const test::Folder folder;
  const std::string path = folder / "page.html";
  Model<Net> model{1};
  const History history = fit(model, data,
                              Fit{.loss = on<"digit">(CrossEntropy{}) + on<"value">(MeanSquaredError{}),
                                  .epochs = 2,
                                  .validation = data,
                                  .progress = Progress::Mode::quiet,
                                  .callbacks = callbacks(Report{path}),
                                  .metrics = metrics(on<"value">(MAE{}))});
  const std::string page = test::contents(path);
  CHECK_THAT(page, Contains("<h2>Network</h2>") && Contains(">value</text>") && Contains(">val_value_mae</text>") &&
                       Contains("Connected to"));
  CHECK_THAT(page, Contains(", val_value_mae " + std::to_string(history.last().metric("val_value_mae")).substr(0, 4)));
}

TEST_CASE("a report shows what a network draws, from the first epoch to the last") {
  const test::Folder folder;
  const std::string path = folder / "page.html";
  const Dataset<float> data{{2}, {0, 1, 1, 0}, Targets<float>{{1, 0, 0, 1}, 2}};
  Model<Sequential<Dense<2, 2>>> model{1};
  std::size_t asked = 0;
  // a picture of as many columns as there have been epochs
  const auto draw = [&] {
    ++asked;
    return picture(std::vector<float>(asked, 0.5F), 1, asked);
  };
  Report report{.path = path, .draw = draw};
  fit(model, data,
      Fit{.loss = MeanSquaredError{},
          .epochs = 100,
          .progress = Progress::Mode::quiet,
          .callbacks = callbacks(NewTargets{}, report)});
  CHECK(asked == 100);
  const std::string page = test::contents(path);
  std::vector<std::size_t> epochs;
  for (const RunRecord::Drawing& d : report.record.drawings) {
    epochs.push_back(d.epoch);
    CHECK(d.picture.width == 4 * d.epoch);
  }
  std::vector<std::size_t> expected;
  for (std::size_t epoch = 1; epoch <= 100; epoch += 8) expected.push_back(epoch);
  expected.push_back(100);
  CHECK(epochs == expected);
  CHECK(count(page, "<figcaption>epoch ") == expected.size());
  CHECK_THAT(page, Contains("<h2>Drawn after each epoch</h2>") && Contains("alt=\"epoch 97\""));
  CHECK_FALSE(report.record.regression);  // what the batches were to give stands nowhere
}
