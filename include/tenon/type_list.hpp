#pragma once

#include <cstddef>
#include <utility>

namespace tenon::detail {

/// Types in a row. Lists are passed whole, never indexed: what a network needs per layer comes from
/// expanding one pack, so the compiler's work grows linearly with the depth.
template <class... T>
struct list {
  static constexpr size_t size = sizeof...(T);
};

template <class List, class... More>
struct append_to;
template <class... T, class... More>
struct append_to<list<T...>, More...> {
  using type = list<T..., More...>;
};
template <class List, class... More>
using append = typename append_to<List, More...>::type;

template <class... Lists>
struct join_of {
  using type = list<>;
};
template <class... A>
struct join_of<list<A...>> {
  using type = list<A...>;
};
template <class... A, class... B, class... Rest>
struct join_of<list<A...>, list<B...>, Rest...> : join_of<list<A..., B...>, Rest...> {};
/// The lists one after the other.
template <class... Lists>
using join = typename join_of<Lists...>::type;

template <class Done, class... T>
struct reversed {
  using type = Done;
};
template <class... Done, class A>
struct reversed<list<Done...>, A> {
  using type = list<A, Done...>;
};
template <class... Done, class A, class B, class... Rest>
struct reversed<list<Done...>, A, B, Rest...> : reversed<list<B, A, Done...>, Rest...> {};
template <class... Done, class A, class B, class C, class D, class E, class F, class G, class H, class... Rest>
struct reversed<list<Done...>, A, B, C, D, E, F, G, H, Rest...>
    : reversed<list<H, G, F, E, D, C, B, A, Done...>, Rest...> {};

template <class List>
struct reverse_of;
template <class... T>
struct reverse_of<list<T...>> : reversed<list<>, T...> {};
template <class List>
using reverse = typename reverse_of<List>::type;

template <size_t I, class T>
struct Indexed {
  using type = T;
};
template <class Index, class... T>
struct IndexedPack;
template <size_t... I, class... T>
struct IndexedPack<std::index_sequence<I...>, T...> : Indexed<I, T>... {};
template <class... T>
using Pack = IndexedPack<std::index_sequence_for<T...>, T...>;
template <size_t I, class T>
Indexed<I, T> element_at(const Indexed<I, T>*);
template <size_t I, class Of>
using element_in = typename decltype(element_at<I>(static_cast<Of*>(nullptr)))::type;

/// A pack in groups of eight: overload resolution looks at every element of what it is given, and takes memory for it.
template <class Done, class... T>
struct grouped;
template <class... Done, class... T>
struct grouped<list<Done...>, T...> {
  using type = Pack<Done..., Pack<T...>>;
};
template <class... Done, class A, class B, class C, class D, class E, class F, class G, class H, class... Rest>
struct grouped<list<Done...>, A, B, C, D, E, F, G, H, Rest...>
    : grouped<list<Done..., Pack<A, B, C, D, E, F, G, H>>, Rest...> {};
template <class... T>
using InGroups = typename grouped<list<>, T...>::type;

/// Element I of the pack that `Of` groups: nothing is instantiated for those in front of it.
template <size_t I, class Of>
using element_in_groups = element_in<I % 8, element_in<I / 8, Of>>;

template <size_t I, class... T>
using pack_element = element_in_groups<I, InGroups<T...>>;

template <size_t I, class List>
struct element_of;
template <size_t I, class... T>
struct element_of<I, list<T...>> {
  using type = pack_element<I, T...>;
};

}  // namespace tenon::detail
