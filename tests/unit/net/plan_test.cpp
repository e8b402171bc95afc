#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <vector>

#include <tenon/net/plan.hpp>

using namespace tenon;
using detail::Place;
using detail::Slot;

namespace {

struct Interval {
  std::size_t begin, end;
};

bool overlap(Interval a, Interval b) { return a.begin < b.end && b.begin < a.end; }

/// Layers of random widths and random demands.
std::vector<Layout> random_chain(std::mt19937& engine) {
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(engine); };
  std::vector<Layout> layers(1 + below(7));
  std::size_t width = 1 + below(100);
  for (Layout& layer : layers) {
    layer.input_size = width;
    layer.output_size = width = 1 + below(100);
    layer.trainable_size = aligned(below(50));
    layer.buffer_size = aligned(below(3));
    layer.parameter_count = layer.trainable_size;
    layer.units = 1;
    layer.needs = {.backward_reads_input = below(2) == 0,
                   .backward_reads_output = below(2) == 0,
                   .saved = {below(3) * below(40), below(3)},
                   .forward = {.sample = below(3) * below(40)},
                   .backward = {.sample = below(3) * below(40)},
                   .inference = {.sample = below(3) * below(40)},
                   .streams = static_cast<std::uint32_t>(below(2))};
  }
  return layers;
}

/// What lies in one region at the moment a layer runs must lie apart and within it.
void check_apart(const std::vector<Interval>& present, std::size_t size) {
  for (std::size_t i = 0; i < present.size(); ++i) {
    CHECK(present[i].end <= size);
    CHECK(present[i].begin % alignment == 0);
    for (std::size_t j = 0; j < i; ++j) CHECK_FALSE(overlap(present[i], present[j]));
  }
}

void add_if_scratch(std::vector<Interval>& present, Place place, std::size_t length) {
  if (place.where == Place::scratch) present.push_back({place.offset, place.offset + length});
}

}  // namespace

TEST_CASE("what a layer works with lies apart") {
  std::mt19937 engine{7};
  for (int round = 0; round < 300; ++round) {
    const auto layers = random_chain(engine);
    const std::size_t count = layers.size();
    std::vector<Slot> slots(count);
    const Layout chain = detail::plan_chain(layers.data(), count, slots.data());

    for (std::size_t k = 0; k < count; ++k) {
      const Needs& needs = layers[k].needs;
      const Slot& slot = slots[k];
      const auto at = [](std::size_t offset, std::size_t length) { return Interval{offset, offset + length}; };
      std::vector<Interval> forward{at(slot.forward_scratch, needs.forward.sample)};
      std::vector<Interval> inference{at(slot.inference_scratch, needs.inference.sample)};
      std::vector<Interval> backward{at(slot.backward_scratch, needs.backward.sample)};
      add_if_scratch(forward, slots[k].output, layers[k].output_size);
      add_if_scratch(inference, slots[k].inference_output, layers[k].output_size);
      add_if_scratch(backward, slots[k].input_gradient, layers[k].input_size);
      if (k > 0) {
        add_if_scratch(forward, slots[k - 1].output, layers[k].input_size);
        add_if_scratch(inference, slots[k - 1].inference_output, layers[k].input_size);
      }
      if (k + 1 < count) {
        add_if_scratch(backward, slots[k + 1].input_gradient, layers[k].output_size);
      }
      check_apart(forward, chain.needs.forward.sample);
      check_apart(inference, chain.needs.inference.sample);
      check_apart(backward, chain.needs.backward.sample);
    }
  }
}

TEST_CASE("what backward reads is kept for good") {
  std::mt19937 engine{11};
  for (int round = 0; round < 300; ++round) {
    const auto layers = random_chain(engine);
    const std::size_t count = layers.size();
    std::vector<Slot> slots(count);
    const Layout chain = detail::plan_chain(layers.data(), count, slots.data());

    std::vector<Interval> saved;
    for (std::size_t k = 0; k < count; ++k) {
      saved.push_back({slots[k].saved, slots[k].saved + layers[k].needs.saved.sample});
      if (slots[k].output.where == Place::saved)
        saved.push_back({slots[k].output.offset, slots[k].output.offset + layers[k].output_size});
      const bool is_read = k + 1 < count &&
                           (layers[k].needs.backward_reads_output || layers[k + 1].needs.backward_reads_input);
      CHECK((slots[k].output.where == Place::saved) == is_read);
      CHECK((slots[k].output.where == Place::outside) == (k + 1 == count));
      CHECK((slots[k].inference_output.where == Place::outside) == (k + 1 == count));
      CHECK((slots[k].input_gradient.where == Place::outside) == (k == 0));
    }
    check_apart(saved, chain.needs.saved.sample);
    CHECK(chain.needs.backward_reads_input == layers.front().needs.backward_reads_input);
    CHECK(chain.needs.backward_reads_output == layers.back().needs.backward_reads_output);
  }
}

TEST_CASE("children follow each other in the arenas") {
  std::mt19937 engine{13};
  const auto layers = random_chain(engine);
  std::vector<Slot> slots(layers.size());
  const Layout chain = detail::plan_chain(layers.data(), layers.size(), slots.data());
  std::size_t parameters = 0, buffers = 0, fixed = 0;
  std::uint32_t streams = 0, units = 0;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    CHECK(slots[k].parameters == parameters);
    CHECK(slots[k].buffers == buffers);
    CHECK(slots[k].saved_fixed == fixed);
    CHECK(slots[k].stream == streams);
    CHECK(slots[k].unit == units);
    parameters += layers[k].trainable_size;
    buffers += layers[k].buffer_size;
    fixed += aligned(layers[k].needs.saved.fixed);
    streams += layers[k].needs.streams;
    units += layers[k].units;
  }
  CHECK(chain.trainable_size == parameters);
  CHECK(chain.buffer_size == buffers);
  CHECK(chain.needs.saved.fixed == fixed);
  CHECK(chain.needs.streams == streams);
  CHECK(chain.units == units);
}

TEST_CASE("a chain of nothing needs nothing") {
  const Layout chain = detail::plan_chain(nullptr, 0, nullptr);
  CHECK(chain.units == 0);
  CHECK(chain.needs.saved.sample == 0);
  CHECK_FALSE(chain.needs.backward_reads_input);
}
