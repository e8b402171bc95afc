#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tenon/dist/gradient_cut.hpp>
#include <tenon/error.hpp>
#include <tenon/hidden.hpp>
#include <tenon/net/type_name.hpp>
#include <tenon/optim/optimizer.hpp>
#include <tenon/train/sharding.hpp>
#include <tenon/train/training_space.hpp>
#include <tenon/train/workers.hpp>

namespace tenon::detail {

/// The arrays that an optimizer keeps beside the parameters of a network. Where gradients are split over ranks, each
/// has the numbers that belong to its own.
template <class T>
class StateArrays {
public:
  StateArrays(const Sharding<T>& sharding, size_t count, size_t arrays);
  StateArrays(StateArrays&&) noexcept;
  StateArrays& operator=(StateArrays&&) noexcept;
  ~StateArrays();

  bool split() const { return sharding_->splits(); }
  OwnParts own() const;
  T* array(size_t k, size_t at);
  const Sharding<T>& sharding() const { return *sharding_; }

  /// Array k, of all parameters; where arrays are split, after `gather`, or after `make_room` to read it.
  T* whole(size_t k);
  /// Where they are split, all ranks call the first before one writes an archive, and `drop` afterwards.
  void gather();
  void drop();
  void make_room();
  /// Keeps this rank's own numbers of what has been read.
  void take_own();

private:
  const Sharding<T>* sharding_;
  OwnNumbers all_;
  struct Arrays;
  Hidden<Arrays> arrays_;
};

/// Those of an optimizer, and its steps. Where gradients are split, a rank updates its own parameters and sends them to
/// the others.
template <class Net, class O, class T>
class OptimizerState : public StateArrays<T> {
  static constexpr size_t states = static_cast<size_t>(O::states);
  using Part = OptimizerArrays<T, states>;
  /// What takes the parameters of a network one by one may be able to do so for some of their numbers
  /// (optim/groups.hpp), or to ask for sums over whole parameters first (optim/lamb.hpp).
  static constexpr bool asks_for_sums = requires { O::template sums<Net>(); };
  static constexpr bool takes_parts = requires(const O& o, const Part& part) {
    o.template update<Net>(part, std::uint64_t{}, size_t{});
  };

public:
  OptimizerState(const Sharding<T>& sharding, size_t count) : StateArrays<T>(sharding, count, states) {
    if constexpr (!Optimizer<O> && !asks_for_sums && !takes_parts)
      if (sharding.splits())
        throw Error("training with zero 1: expected an optimizer that updates some numbers of a parameter without the "
                    "others, got " +
                    std::string(type_name<O>()));
  }

  void step(const O& optimizer, Workers& workers, size_t threads, std::span<T> parameters, const T* gradients,
            std::uint64_t number) {
    const auto part_of = [&](const OwnNumbers& own) {
      Part part{parameters.data() + own.first, gradients + own.first, {}, own.count};
      for (size_t k = 0; k < states; ++k) part.state[k] = this->array(k, own.at);
      return part;
    };
    if constexpr (Optimizer<O>) {
      workers.run(threads, [&](size_t thread) {
        for (const OwnNumbers& part : this->own()) {
          const IndexRange piece = piece_of({part.first, part.count}, thread, threads);
          if (piece.count > 0)
            optimizer.update(part_of({piece.first, piece.count, part.at + piece.first - part.first}), number);
        }
      });
    } else if constexpr (asks_for_sums) {
      sums_.assign(O::template sums<Net>(), 0);
      for (const OwnNumbers& part : this->own())
        optimizer.template add_sums<Net>(part_of(part), number, part.first, sums_.data());
      if (this->split()) this->sharding().merge(sums_);
      for (const OwnNumbers& part : this->own())
        optimizer.template update<Net>(part_of(part), number, part.first, sums_.data());
    } else if constexpr (takes_parts) {
      for (const OwnNumbers& part : this->own()) optimizer.template update<Net>(part_of(part), number, part.first);
    } else {
      optimizer.template update<Net>(part_of({0, parameters.size(), 0}), number);
    }
    if (this->split()) this->sharding().share(Phase::step, parameters);
  }

private:
  std::vector<double> sums_{};
};

}  // namespace tenon::detail
