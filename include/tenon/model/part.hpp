#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <span>
#include <string>
#include <type_traits>

#include <tenon/fixed_string.hpp>
#include <tenon/model/arguments.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/networks/part.hpp>

namespace tenon {

/// A part of a model: a model itself, on the numbers of the whole. See `part`.
template <class Net, class Scalar, class Gemm>
class Part : public Model<Net, Scalar, Gemm> {
  using Base = Model<Net, Scalar, Gemm>;

public:
  explicit Part(const typename Base::Borrowed& from) : Base(from) {}
  using Base::operator=;
};

/// A part of a const model: it predicts, is saved and exported, and changes nothing.
template <class Net, class Scalar, class Gemm>
class ConstPart {
public:
  using model_type = Model<Net, Scalar, Gemm>;
  using network = Net;
  using scalar = Scalar;
  using gemm = Gemm;
  using input = typename model_type::input;
  using output = typename model_type::output;
  using context = typename model_type::context;

  explicit ConstPart(const typename model_type::Borrowed& from) : model_(from) {}
  ConstPart(const ConstPart&) = delete;
  ConstPart& operator=(const ConstPart&) = delete;

  /// For all that takes a const model: `Session net{*encoder};`
  const model_type& operator*() const { return model_; }
  const model_type* operator->() const { return &model_; }

  template <class... Samples>
  auto operator()(const Samples&... samples) const {
    return model_(samples...);
  }
  void predict(std::span<const Scalar> samples, std::span<Scalar> y) const { model_.predict(samples, y); }
  template <fixed_string Name>
  auto get() const {
    return model_.template get<Name>();
  }
  std::span<const Scalar> values(const ParameterEntry& entry) const { return model_.values(entry); }
  const Arena<Scalar>& parameters() const { return model_.parameters(); }
  const Arena<Scalar>& buffers() const { return model_.buffers(); }
  void save(const std::string& path) const { model_.save(path); }

private:
  model_type model_;
};

namespace detail {

template <class View, class T>
typename View::Borrowed borrow(const PartPlace& at, T* parameters, T* buffers) {
  T* const learned = at.among_buffers ? buffers : parameters;
  return {learned + at.parameters, buffers + at.buffers};
}

}  // namespace detail

/// A part of a model as a model of its own, on the same numbers:
///
///     auto decoder = part<"decoder">(model);       // a named part, a node of a Graph, or a path such as "encoder.2"
///     decoder(codes);                              // predicts
///     decoder.save("decoder.safetensors");         // its own names: "0.weight"
///     fit(decoder, data);                          // changes the model's numbers
///     Session net{decoder};
///
/// Nothing is copied, and the model has to outlive it. What is assigned to a part is written into the model; a copy of
/// a part has numbers of its own, and so has `Model<part_network<Net, "decoder">> own = part<"decoder">(model)`. Its
/// input is what the part is given in the whole. The inputs of a part that is one layer of several have the names of
/// what it reads there ("halves.0" is called "halves_0"); what it reads twice is one input. A part that is frozen as a
/// whole may be trained through its view: `Freeze` keeps its numbers from those who train the whole, so that a
/// generator can learn through a discriminator of which there is one copy. A name that leads nowhere does not compile.
template <fixed_string Path, class Net, class Scalar, class Gemm>
auto part(Model<Net, Scalar, Gemm>& model) {
  using Of = detail::PartOf<Net, Path>;
  using View = Part<typename Of::network, Scalar, Gemm>;
  return View(detail::borrow<View>(Of::place, model.parameters().data(), model.buffers().data()));
}
template <fixed_string Path, class Net, class Scalar, class Gemm>
auto part(const Model<Net, Scalar, Gemm>& model) {
  using Of = detail::PartOf<Net, Path>;
  using View = Model<typename Of::network, Scalar, Gemm>;
  // ConstPart shows it as const only
  return ConstPart<typename Of::network, Scalar, Gemm>(detail::borrow<View>(
      Of::place, const_cast<Scalar*>(model.parameters().data()), const_cast<Scalar*>(model.buffers().data())));
}
template <fixed_string Path, class Net, class Scalar, class Gemm>
auto part(Model<Net, Scalar, Gemm>&& model) = delete;  // nobody else has its numbers
template <fixed_string Path, class Net, class Scalar, class Gemm>
auto part(Part<Net, Scalar, Gemm>&& view) {
  return part<Path>(static_cast<Model<Net, Scalar, Gemm>&>(view));
}

/// A network is a type: it has no numbers to look at.
template <fixed_string Path, class M>
  requires detail::NoModel<std::remove_cvref_t<M>>
auto part(M&&) {
  detail::refuse_no_model<"part", M>();
  return nullptr;
}

}  // namespace tenon
