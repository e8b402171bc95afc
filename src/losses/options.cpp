#include <tenon/losses/loss.hpp>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon::detail {

double at_least(double least, double value, const char* name) {
  if (!(value >= least)) throw Error(fmt::format("{}: expected at least {}, got {}", name, least, value));
  return value;
}
double above(double bound, double value, const char* name) {
  if (!(value > bound)) throw Error(fmt::format("{}: expected more than {}, got {}", name, bound, value));
  return value;
}

void refuse_weights() {
  throw Error("loss: expected a loss that weighs samples (weighs_samples = true), as the data have weights, got one that does not");
}
void check_weights(std::size_t weights, std::size_t rows) {
  if (weights > rows || rows % weights != 0)
    throw Error(fmt::format("loss: expected a weight for each sample, got {} for {} answers", weights, rows));
}

}  // namespace tenon::detail
