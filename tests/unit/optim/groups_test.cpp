#include <tenon/tenon.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace tenon;

namespace {

using Net = Sequential<Dense<6, 8>, Tanh, Dense<8>, LayerNorm<>, Dense<3>>;
constexpr const auto& table = parameter_table<Net>;

template <class Selection>
std::vector<std::string> chosen() {
  std::vector<std::string> names;
  for (const ParameterEntry& entry : table)
    if (detail::chooses(Selection{}, entry)) names.emplace_back(entry.name);
  return names;
}
using Names = std::vector<std::string>;

/// The model after three steps.
template <class O>
Model<Net> after_steps(O optimizer, double rate = 0) {
  Model<Net> model{1};
  Trainer trainer{model, MeanSquaredError{}, optimizer, 4, 1};
  if (rate > 0) trainer.set_lr(rate);
  std::vector<float> x(24), t(12, 0.5F);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
  for (int step = 0; step < 3; ++step) {
    trainer.zero_grad();
    trainer.forward({.features = x, .labels = {}, .targets = t, .count = 4, .first = 0, .indices = {}});
    trainer.backward();
    trainer.step();
  }
  return model;
}

/// After one step, where all gradients are still those of the same weights, parameters are like those of
/// `a` where selected and otherwise like those of `b`.
template <class M>
bool equal(const M& a, const M& b, std::string_view name) {
  bool same = false;
  a.for_each_parameter([&](std::string_view n, auto values) {
    if (n != name) return;
    b.for_each_parameter([&](std::string_view m, auto others) {
      if (m == name) same = std::ranges::equal(values, others);
    });
  });
  return same;
}

}  // namespace

TEST_CASE("parameters are selected by name, by layer and by kind") {
  CHECK(chosen<by_name<"0.*">>() == Names{"0.weight", "0.bias"});
  CHECK(chosen<by_name<"*.bias", "0.weight">>() == Names{"0.weight", "0.bias", "2.bias", "3.bias", "4.bias"});
  CHECK(chosen<by_name<"*">>().size() == table.size());
  CHECK(chosen<by_name<"*e*t">>() == Names{"0.weight", "2.weight", "3.weight", "4.weight"});
  CHECK(chosen<by_name<"0.weigh">>().empty());
  CHECK(chosen<by_type<Dense<8>, LayerNorm<>>>() == Names{"2.weight", "2.bias", "3.weight", "3.bias"});
  CHECK(chosen<weights>() == Names{"0.weight", "2.weight", "4.weight"});

  constexpr auto last = detail::selected<Net, by_name<"3.*", "4.*">>;
  CHECK(last.count == 1);  // neighbours are one piece
  CHECK(detail::selected<Net, by_name<"*.bias">>.count == 4);
}

TEST_CASE("each group is trained by its own optimizer, from the first that selects it") {
  // With a rate of zero for all others the groups' gradients stay comparable.
  const auto grouped = after_steps(Groups{SGD{.lr = 0}, group<by_name<"4.*">>(SGD{.lr = 0.1, .momentum = 0.9}),
                                          group<by_name<"4.bias", "0.bias">>(SGD{.lr = 0})});
  const auto alone = after_steps(Groups{SGD{.lr = 0}, group<by_name<"4.*">>(SGD{.lr = 0.1, .momentum = 0.9})});
  const Model<Net> untouched{1};
  CHECK_FALSE(equal(grouped, untouched, "4.weight"));
  CHECK_FALSE(equal(grouped, untouched, "4.bias"));
  CHECK(equal(grouped, alone, "4.weight"));
  CHECK(equal(grouped, alone, "4.bias"));
  for (const auto* name : {"0.weight", "0.bias", "2.weight", "3.weight"}) CHECK(equal(grouped, untouched, name));
}

TEST_CASE("groups with equal settings are one optimizer") {
  const AdamW adam{.lr = 1e-2};
  const auto grouped = after_steps(Groups{adam, group<by_name<"*.bias">>(adam), group<by_type<Dense<8>>>(adam)});
  const auto whole = after_steps(adam);
  for (const ParameterEntry& entry : table) CHECK(equal(grouped, whole, entry.name));
}

TEST_CASE("optimizers of different kinds go together, and a new rate moves all by the same factor") {
  const auto mixed = after_steps(Groups{SGD{.lr = 0.2}, group<by_name<"0.*">>(Adam{.lr = 0.02})}, 0.1);
  const auto expected = after_steps(Groups{SGD{.lr = 0.1}, group<by_name<"0.*">>(Adam{.lr = 0.01})});
  for (const ParameterEntry& entry : table) CHECK(equal(mixed, expected, entry.name));
  auto groups = Groups{SGD{.lr = 0.2}, group<by_name<"0.*">>(Adam{.lr = 0.02})};
  set_momentum(groups, 0.5);
  CHECK(groups.base.momentum == 0.5);
  CHECK(std::get<0>(groups.groups).optimizer.beta1 == 0.5);
}

TEST_CASE("penalties and their gradients, in both conventions") {
  Model<Net, double> model{1};
  double absolute = 0, squares = 0, first = 0;
  for (const ParameterEntry& entry : table) {
    if (entry.rank < 2) continue;
    for (const double w : std::as_const(model).values(entry)) {
      absolute += std::abs(w);
      squares += w * w;
      if (entry.name == "0.weight") first += std::abs(w);
    }
  }
  CHECK(penalty(model, L1{0.1}) == Approx(0.1 * absolute));
  CHECK(penalty(model, L2{0.1}) == Approx(0.05 * squares));
  CHECK(penalty(model, L2<>::textbook(0.1)) == Approx(0.1 * squares));
  CHECK(penalty(model, ElasticNet{0.1, 0.2}) == Approx(0.1 * absolute + 0.1 * squares));
  CHECK(penalty(model, L1<by_name<"0.weight">>{2}) == Approx(2 * first));
  CHECK(penalty(model, Regularizers{L1{0.1}, L2{0.1}}) == Approx(0.1 * absolute + 0.05 * squares));
  CHECK(penalty(model, Regularizers{}) == 0);

  // by central differences
  const Regularizers both{ElasticNet{0.3, 0.7}, L1<by_name<"3.bias">>{0.5}};
  model.get<"3.bias">()(2) = 0.25;
  Trainer trainer{model, MeanSquaredError{}, SGD{}, 1, 1};
  trainer.zero_grad();
  CHECK(trainer.regularize(both) == Approx(penalty(model, both)));
  std::vector<double> gradient(trainer.gradients().begin(), trainer.gradients().end());
  const auto p = model.parameters().span();
  for (std::size_t i = 0; i < p.size(); i += 3) {
    if (p[i] == 0) continue;
    const double kept = p[i], h = 1e-6;
    p[i] = kept + h;
    const double up = penalty(model, both);
    p[i] = kept - h;
    const double down = penalty(model, both);
    p[i] = kept;
    CHECK(gradient[i] == Approx((up - down) / (2 * h)).margin(1e-7));
  }
}

TEST_CASE("L2 is what weight decay does to plain gradient descent") {
  Model<Net, double> decayed{1}, penalised{1};
  std::vector<double> x(24, 0.3), t(12, 0.5);
  const Batch<double> batch{.features = x, .labels = {}, .targets = t, .count = 4, .first = 0, .indices = {}};
  Trainer with_decay{decayed, MeanSquaredError{}, SGD{.lr = 0.1, .weight_decay = 0.01}, 4, 1};
  Trainer with_penalty{penalised, MeanSquaredError{}, SGD{.lr = 0.1}, 4, 1};
  for (int step = 0; step < 5; ++step) {
    for (auto* trainer : {&with_decay, &with_penalty}) {
      trainer->zero_grad();
      trainer->forward(batch);
      trainer->backward();
      if (trainer == &with_penalty) trainer->regularize(L2<all_parameters>{0.01});
      trainer->step();
    }
  }
  const auto a = decayed.parameters().span(), b = penalised.parameters().span();
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == Approx(b[i]).margin(1e-14));
}
