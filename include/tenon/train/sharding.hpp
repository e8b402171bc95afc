#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <tenon/data/loader.hpp>
#include <tenon/dist/communicator.hpp>
#include <tenon/dist/gradient_cut.hpp>
#include <tenon/dist/smallest_shard.hpp>
#include <tenon/model/context.hpp>
#include <tenon/net/layout.hpp>
#include <tenon/net/type_name.hpp>
#include <tenon/train/objective.hpp>
#include <tenon/train/workers.hpp>

/// How a Trainer runs a batch in shards, on one or more ranks.
namespace tenon::detail {

/// The name of a layer, from the compiler's of where it is bound: "outer::Layer::at<...>".
constexpr std::string_view bound_layer_name(std::string_view bound) {
  const std::string_view layer = bound.substr(0, bound.rfind("::at<"));
  const size_t scope = layer.substr(0, layer.find('<')).rfind("::");
  return scope == layer.npos ? layer : layer.substr(scope + 2);
}

/// The first layer with running statistics of a batch that it does not share with other shards, or nothing.
template <class Bound>
std::string_view find_keeping_apart() {
  std::string_view found;
  if constexpr (layout_of<Bound>.keeps_apart) {
    if constexpr (Leaf<Bound>) found = bound_layer_name(compiler_name<Bound>());
    else
      Bound::visit_units([&found]<class Unit> {
        if (found.empty()) found = find_keeping_apart<Unit>();
      });
  }
  return found;
}

/// What a Trainer has beside its own where batches are run in shards. All of it is the library's code: a program that
/// trains compiles none of it.
template <class T>
class Sharding {
public:
  /// False where batches are not cut into shards: nobody asked for it, there is no world, and no layer looks at the
  /// whole batch (`exchanges`) and is trained on several threads.
  Sharding(size_t batch_size, size_t shards, bool exchanges, size_t gradients);
  Sharding(const Sharding&) = delete;
  Sharding& operator=(const Sharding&) = delete;
  ~Sharding();
  explicit operator bool() const { return state_ != nullptr; }
  /// Whether nobody asked for shards: they are the threads' parts of a batch.
  bool of_threads() const;

  Communicator* ranks() const;
  size_t size() const;
  size_t rank() const;
  size_t most_shards() const;
  /// How many workspaces this rank needs, and for how many samples each; how many threads there are.
  size_t places() const;
  size_t largest_shard() const;
  size_t threads() const;
  /// Refuses a loss that compares the samples of a batch, where one of so many is cut.
  void expect_whole(size_t batch_size, std::string_view loss) const;

  /// Refuses ranks that do not train the same, by name. It is called before anything is computed, and looks the first
  /// time alone. Whether the data sets differ only `fit` can check.
  void expect_same_start(std::string_view trainer, std::span<const T> weights, std::uint64_t seed, double lr,
                         size_t batch_size);
  /// How a batch is cut, for all that follows.
  void cut(size_t samples);
  /// The shards of this rank, as they are counted here, and their samples.
  size_t own() const;
  size_t first_of(size_t k) const;
  size_t count_of(size_t k) const;
  ShardPlace<T>* place_of(size_t k);

  /// Calls work(k) for every shard of this rank. An exception in it ends all ranks.
  template <class F>
  void for_each(Workers& workers, F&& work) {
    call(
        workers, [](void* f, size_t k) { (*static_cast<std::remove_reference_t<F>*>(f))(k); }, &work);
  }

  /// Whether each rank has the sums of gradients, and the optimizer's arrays, of its own numbers alone, and which these
  /// are.
  bool splits() const;
  OwnParts own_numbers() const;
  /// Where they are split: before it, each rank's own numbers are right there; afterwards all of them are, everywhere.
  void share(Phase phase, std::span<T> numbers) const;
  /// Each number is 0 on all ranks but one; afterwards it is what it is there.
  void merge(std::span<double> numbers) const;
  /// The largest of all ranks' numbers.
  size_t largest(size_t number) const;

  /// Says where the gradients of the next shard are: those of shard 0 first.
  void add_place(T* gradients);
  /// Fills `to`, or this rank's own numbers of it, with the sum of all shards' gradients over the tree, or, with `add`,
  /// adds that to what is there. It
  /// begins before backward, so that on several ranks gradients travel as soon as they are complete: each shard's watch
  /// tells when.
  void begin_sum(std::span<T> to, bool add);
  const GradientWatch<T>* watch_of(size_t k) const;
  void finish_sum(Workers& workers);

  /// Begins the loss of a batch, of so many terms. Each shard then gives the values of its terms, and how many classes
  /// it predicted correctly.
  void start_loss(size_t terms);
  void put_loss(size_t k, const double* terms, const ClassCount& classes);
  /// Adds them up over the tree, for all shards on all ranks; afterwards `classes` counts the whole batch, too.
  void finish_loss(TermValues& values);
  const ClassCount& classes() const;

  /// What looks for numbers that are not finite, one for each shard of this rank, and the first unit with one.
  NonFiniteTrace<T>* watchers();
  std::uint32_t first_seen() const;
  /// Says which sample among this rank's rows is not finite.
  std::string describe_samples(const Batch<T>& batch) const;
  /// Of the sentences of all ranks the one with the least `order`: a sample comes before layers, in their order.
  std::string agree_on(std::string words, double order) const;

private:
  struct State;
  void call(Workers& workers, void (*work)(void*, size_t), void* object);

  State* state_ = nullptr;
};

extern template class Sharding<float>;
extern template class Sharding<double>;

}  // namespace tenon::detail
