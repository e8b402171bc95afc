#include <tenon/losses/loss.hpp>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon::detail {

void refuse_weights() {
  throw Error("loss: expected a loss that weighs samples (weighs_samples = true), as the data have weights, got one "
              "that does not");
}
void check_weights(std::size_t weights, std::size_t rows) {
  if (weights > rows || rows % weights != 0)
    throw Error(fmt::format("loss: expected a weight for each sample, got {} for {} answers", weights, rows));
}

}  // namespace tenon::detail
