#pragma once

// A miniature of Tenon's shape error, for testing the harness without Tenon.
template <unsigned long... D>
struct takes;
template <unsigned long... D>
struct but_gets;
template <class Takes, class Gets>
struct shape_mismatch;

template <unsigned long Takes, unsigned long Gets>
struct fits {
  static constexpr auto mismatch = sizeof(shape_mismatch<takes<Takes>, but_gets<Gets>>);
};
template <unsigned long Size>
struct fits<Size, Size> {
  static constexpr auto mismatch = 0;
};
