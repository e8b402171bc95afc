#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tenon/dist/gradient_cut.hpp>
#include <tenon/error.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/net/type_name.hpp>
#include <tenon/optim/optimizer.hpp>
#include <tenon/train/sharding.hpp>
#include <tenon/train/training_space.hpp>
#include <tenon/train/workers.hpp>

namespace tenon::detail {

/// The arrays that an optimizer keeps beside the parameters of a network, and its steps. Where gradients are split over
/// ranks, each has the arrays of its own numbers alone, updates these parameters and sends them to the others.
template <class Net, class O, class T>
class OptimizerState {
  static constexpr std::size_t states = static_cast<std::size_t>(O::states);
  using Part = OptimizerArrays<T, states>;
  /// What takes the parameters of a network one by one may be able to do so for some of their numbers
  /// (optim/groups.hpp), or to ask for sums over whole parameters first (optim/lamb.hpp).
  static constexpr bool asks_for_sums = requires { O::template sums<Net>(); };
  static constexpr bool takes_parts = requires(const O& o, const Part& part) {
    o.template update<Net>(part, std::uint64_t{}, std::size_t{});
  };

public:
  OptimizerState(const Sharding<T>& sharding, std::size_t count) : sharding_(&sharding), all_{{0, count, 0}} {
    if (sharding.splits() && !Optimizer<O> && !asks_for_sums && !takes_parts)
      throw Error("training with zero 1: expected an optimizer that updates some numbers of a parameter without the "
                  "others, got " +
                  std::string(type_name<O>()));
    std::size_t numbers = 0;
    for (const OwnNumbers& part : own()) numbers += part.count;
    for (Arena<T>& s : states_) s = Arena<T>(numbers);
  }

  void step(const O& optimizer, Workers& workers, std::size_t threads, std::span<T> parameters, const T* gradients,
            std::uint64_t number) {
    const auto part_of = [&](const OwnNumbers& own) {
      Part part{parameters.data() + own.first, gradients + own.first, {}, own.count};
      for (std::size_t k = 0; k < states; ++k) part.state[k] = states_[k].data() + own.at;
      return part;
    };
    if constexpr (Optimizer<O>) {
      workers.run(threads, [&](std::size_t thread) {
        for (const OwnNumbers& part : own()) {
          const IndexRange piece = piece_of({part.first, part.count}, thread, threads);
          if (piece.count > 0)
            optimizer.update(part_of({piece.first, piece.count, part.at + piece.first - part.first}), number);
        }
      });
    } else if constexpr (asks_for_sums) {
      sums_.assign(O::template sums<Net>(), 0);
      for (const OwnNumbers& part : own())
        optimizer.template add_sums<Net>(part_of(part), number, part.first, std::span(sums_));
      if (sharding_->splits()) sharding_->merge(sums_);
      for (const OwnNumbers& part : own())
        optimizer.template update<Net>(part_of(part), number, part.first, std::span<const double>(sums_));
    } else if constexpr (takes_parts) {
      for (const OwnNumbers& part : own()) optimizer.template update<Net>(part_of(part), number, part.first);
    } else {
      optimizer.template update<Net>(part_of(all_[0]), number);
    }
    if (sharding_->splits()) sharding_->share(Phase::step, parameters);
  }

  /// Array k, of all parameters; where arrays are split, after `gather`, or after `make_room` to read it.
  T* whole(std::size_t k) { return (sharding_->splits() ? whole_ : states_)[k].data(); }
  /// Where they are split, all ranks call the first before one writes an archive, and `drop` afterwards.
  void gather() {
    for (std::size_t k = 0; sharding_->splits() && k < states; ++k) {
      whole_[k] = Arena<T>(all_[0].count);
      for (const OwnNumbers& part : own())
        std::copy_n(states_[k].data() + part.at, part.count, whole_[k].data() + part.first);
      sharding_->share(Phase::callbacks, whole_[k].span());
    }
  }
  void drop() {
    for (Arena<T>& s : whole_) s = Arena<T>();
  }
  void make_room() {
    for (Arena<T>& s : whole_)
      if (sharding_->splits() && s.size() == 0) s = Arena<T>(all_[0].count);
  }
  /// Keeps this rank's own numbers of what has been read.
  void take_own() {
    for (std::size_t k = 0; sharding_->splits() && k < states; ++k)
      for (const OwnNumbers& part : own())
        std::copy_n(whole_[k].data() + part.first, part.count, states_[k].data() + part.at);
    drop();
  }

private:
  std::span<const OwnNumbers> own() const {
    return sharding_->splits() ? sharding_->own_numbers() : std::span<const OwnNumbers>(all_);
  }

  const Sharding<T>* sharding_;
  OwnNumbers all_[1];
  std::array<Arena<T>, states> states_{};
  std::array<Arena<T>, states> whole_{};  // of all ranks, while a checkpoint is written or read
  std::vector<double> sums_{};
};

}  // namespace tenon::detail
