#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include <tenon/data/augment/steps.hpp>
#include <tenon/data/augmentation.hpp>
#include <tenon/data/typed.hpp>
#include <tenon/net/refuse.hpp>

namespace tenon {

/// A step of an augmentation is given images it does not take.
template <class Step, class Takes, class ButGets>
struct augmentation_mismatch;
/// A step's own arguments make no sense.
template <class Step, class Takes>
struct invalid_augmentation;
struct images_of_channels_height_width;
struct mixup_as_the_last_step;
struct a_step_with_draw_motion_or_change_or_another_member_of_one;
struct an_Augment;
struct data_of_a_known_shape;

namespace augment {

/// A step that moves the image: rotations, shifts and the like, which are joined to one resampling.
template <class S>
concept Moves = requires(Stream& stream) {
  S::draw_motion(stream);
};
/// A step that gives images of another size.
template <class S>
concept Cuts = requires {
  typename S::template output<Shape<1, 64, 64>>;
};
/// A step that needs numbers to work with.
template <class S>
concept Distorts = requires(const ImageSize& size) {
  S::scratch(size);
};
/// A step that every image goes through alike, in evaluation too.
template <class S>
concept Prepares = requires(const ImageSize& size, float* image) {
  S::prepare(size, image);
};
/// A step that mixes two samples.
template <class S>
concept Mixes = requires {
  S::alpha;
};

/// A step that changes the image in place.
template <class S>
concept Changes = requires(const ImageSize& size, float* image, Stream& stream) {
  S::change(size, image, stream);
};

/// What is wrong with a step's own arguments: `Step::invalid`, void where it says nothing.
template <class S>
struct invalid_of {
  using type = void;
};
template <class S>
  requires requires { typename S::invalid; }
struct invalid_of<S> {
  using type = typename S::invalid;
};

/// Whether a step takes samples of any shape, and not images alone.
template <class S>
inline constexpr bool takes_any_shape = requires {
  requires S::any_shape;
};

/// What is wrong with a step behind images of shape In, as a type that an error shows; void where nothing is.
template <class Step, class In, bool Last>
constexpr auto judge() {
  using Invalid = typename invalid_of<Step>::type;
  if constexpr (!std::is_void_v<Invalid>) {
    return std::type_identity<invalid_augmentation<Step, Invalid>>{};
  } else if constexpr (!Moves<Step> && !Cuts<Step> && !Distorts<Step> && !Prepares<Step> && !Mixes<Step> &&
                       !Changes<Step>) {
    return std::type_identity<
        invalid_augmentation<Step, takes<a_step_with_draw_motion_or_change_or_another_member_of_one>>>{};
  } else if constexpr (Mixes<Step> && !Last) {
    return std::type_identity<invalid_augmentation<Step, takes<mixup_as_the_last_step>>>{};
  } else if constexpr (In::rank != 3 && !takes_any_shape<Step>) {
    return std::type_identity<augmentation_mismatch<Step, takes<images_of_channels_height_width>, but_gets<In>>>{};
  } else if constexpr (requires { typename Step::template problem<In>; }) {
    using Problem = typename Step::template problem<In>;
    if constexpr (std::is_void_v<Problem>) return std::type_identity<void>{};
    else return std::type_identity<augmentation_mismatch<Step, Problem, but_gets<In>>>{};
  } else {
    return std::type_identity<void>{};
  }
}

/// The shape of what a step gives for images of shape In.
template <class S, class In>
struct output_of_step {
  using type = In;
};
template <Cuts S, class In>
struct output_of_step<S, In> {
  using type = typename S::template output<In>;
};

/// A vector counts as an image of one row, a sequence as an image of one channel.
template <class In>
inline constexpr ImageSize size_of{In::rank == 3 ? In::dims[0] : 1, In::rank >= 2 ? In::dims[In::rank - 2] : 1,
                                   In::dims[In::rank - 1]};

/// The state of one image on its way: it lies in one of two buffers.
template <class T>
struct Walk {
  T* image;
  T* other;
  T* scratch;
  Stream* stream;  // null in evaluation
  Motion motion{};
  bool moved = false;

  void flush(const ImageSize& size) {
    if (!moved) return;
    move_image(size, motion, image, other);
    std::swap(image, other);
    motion = {};
    moved = false;
  }
  template <class S, class In>
  void step() {
    constexpr ImageSize size = size_of<In>;
    if constexpr (Moves<S>) {
      if (!stream) return;
      motion.then(S::draw_motion(*stream));
      moved = true;
    } else if constexpr (Mixes<S>) {
      flush(size);
    } else {
      flush(size);
      if constexpr (Cuts<S>) {
        if (stream) S::cut(size, image, other, *stream);
        else S::cut_middle(size, image, other);
        std::swap(image, other);
      } else if constexpr (Distorts<S>) {
        if (!stream) return;
        S::distort(size, image, other, scratch, *stream);
        std::swap(image, other);
      } else if constexpr (Prepares<S>) {
        S::prepare(size, image);
      } else {
        if (stream) S::change(size, image, *stream);
      }
    }
  }
};

/// Steps S... on images of shape In.
template <class In, class... S>
struct Steps {
  using output = In;
  using mistake = void;
  static constexpr bool valid = true;
  static constexpr size_t space = 0, scratch = 0;
  static constexpr double mixup = 0;
  template <class T>
  static void run(Walk<T>& walk) {
    walk.flush(size_of<In>);
  }
};
template <class In, class First, class... Rest>
struct Steps<In, First, Rest...> {
  using own_mistake = typename decltype(judge<First, In, sizeof...(Rest) == 0>())::type;
  static constexpr bool accepted = std::is_void_v<own_mistake>;
  using next = Steps<typename std::conditional_t<accepted, output_of_step<First, In>, std::type_identity<In>>::type,
                     Rest...>;
  using output = typename next::output;
  /// That of the first step that has one.
  using mistake = std::conditional_t<accepted, typename next::mistake, own_mistake>;
  static constexpr bool valid = std::is_void_v<mistake>;
  static constexpr size_t space = std::max(In::size, next::space);
  static constexpr size_t own_scratch = [] {
    if constexpr (accepted && Distorts<First>) return First::scratch(size_of<In>);
    else return size_t{0};
  }();
  static constexpr size_t scratch = std::max(own_scratch, next::scratch);
  static constexpr double mixup = [] {
    if constexpr (Mixes<First>) return First::alpha;
    else return next::mixup;
  }();
  template <class T>
  static void run(Walk<T>& walk) {
    if constexpr (valid) {
      walk.template step<First, In>();
      next::run(walk);
    }
  }
};

}  // namespace augment

/// A pipeline of random changes that leave the meaning of an image alone, as a type:
///
///     using Pipeline = Augment<RandomTranslation<2>, RandomRotation<10>, RandomScale<0.9, 1.1>, GaussianNoise<0.05>>;
///     fit(model, augmented<Pipeline>(train), Fit{...});
///
/// Steps are in data/augment/steps.hpp; they run in the order written, and motions side by side become
/// one, so that the image is interpolated once. What a sample becomes in an epoch follows from the
/// loader's seed, the epoch and the sample's index alone: not from the number of workers, nor from the
/// batch it is in. Evaluation skips all that is random; `Normalize` stays, and `RandomCrop` takes the middle.
template <class... Step>
struct Augment {
  /// The shape that comes out for images of shape In.
  template <class In>
  using output = typename augment::Steps<In, Step...>::output;
  /// What is wrong with the pipeline for such images, or void.
  template <class In>
  using mistake = typename augment::Steps<In, Step...>::mistake;
  template <class In>
  static constexpr bool valid = augment::Steps<In, Step...>::valid;

  /// The same as functions and shapes known at run time, as a loader takes it.
  template <class In>
  static const Augmentation& on() {
    using Steps = augment::Steps<In, Step...>;
    static constexpr Augmentation augmentation{
        .input = In::dims,
        .output = Steps::output::dims,
        .scratch = 2 * std::max(In::size, Steps::space) + Steps::scratch,
        .mixup = Steps::mixup,
        .apply_float = &apply<In, float>,
        .apply_double = &apply<In, double>,
    };
    return augmentation;
  }

private:
  template <class In, class T>
  static void apply(const T* from, T* to, T* scratch, Stream* stream) {
    using Steps = augment::Steps<In, Step...>;
    constexpr size_t space = std::max(In::size, Steps::space);
    augment::Walk<T> walk{scratch, scratch + space, scratch + 2 * space, stream};
    std::copy_n(from, In::size, walk.image);
    Steps::run(walk);
    std::copy_n(walk.image, Steps::output::size, to);
  }
};

/// A data set whose loader augments; made by `augmented`. In all else it is the data set with its samples
/// as they are.
template <class Pipeline, AnyShape S, class Answer, std::floating_point T = float>
class AugmentedDataset : public Dataset<T> {
  static_assert(detail::refuse<typename Pipeline::template mistake<S>>());

public:
  /// What the network is given.
  using shape = typename Pipeline::template output<S>;
  static constexpr bool valid = Pipeline::template valid<S>;
  using answer = Answer;

  AugmentedDataset(Dataset<T> data, size_t workers) : Dataset<T>(std::move(data)) {
    this->augment(&Pipeline::template on<S>(), workers);
  }
};

namespace detail {

template <class P>
inline constexpr bool is_pipeline = false;
template <class... Step>
inline constexpr bool is_pipeline<Augment<Step...>> = true;

template <class P>
constexpr auto judge_pipeline() {
  if constexpr (is_pipeline<P>) return std::type_identity<void>{};
  else
    return std::type_identity<wrong_argument<argument<"augmented", "Pipeline">, takes<an_Augment>, but_gets<P>,
                                             write<"augmented<Augment<Step>>(data)">>>{};
}

}  // namespace detail

/// The data set with an augmentation in front of the network. `workers` threads prepare the next batch
/// while the network works on this one; 0: the loader does it when asked.
template <class Pipeline, AnyShape S, class Answer, std::floating_point T>
auto augmented(TypedDataset<S, Answer, T> data, size_t workers = default_workers()) {
  using Mistake = typename decltype(detail::judge_pipeline<Pipeline>())::type;
  if constexpr (!std::is_void_v<Mistake>) {
    detail::refuse<Mistake>();
    return data;
  } else {
    return AugmentedDataset<Pipeline, S, Answer, T>(std::move(data), workers);
  }
}
/// Steps are chosen for a shape, which the type of the data has to say.
template <class Pipeline, std::floating_point T>
Dataset<T> augmented(const Dataset<T>& data, size_t = 0) {
  detail::refuse<wrong_argument<argument<"augmented", "data">, takes<data_of_a_known_shape>, but_gets<Dataset<T>>,
                                write<"typed<Shape<4>, Classes<2>>(data)">>>();
  return data;
}
/// Without a pipeline there is nothing to do.
template <std::floating_point T>
Dataset<T> augmented(const Dataset<T>& data, size_t = 0) {
  detail::refuse<wrong_argument<argument<"augmented", "Pipeline">, takes<an_Augment>, but_gets<Dataset<T>>,
                                write<"augmented<Augment<Step>>(data)">>>();
  return data;
}

}  // namespace tenon
