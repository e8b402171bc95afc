#pragma once

#include <type_traits>

#include <tenon/inline.hpp>

/// Loops by hand for a Cortex-M with float registers, faster than those that compilers make.
namespace tenon::kernels::thumb {

#if defined(__ARM_FP) && (__ARM_FP & 4) && defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'

template <class T>
inline constexpr bool loads_many = std::is_same_v<T, float>;

/// Adds to four sums the products of four rows with the next four numbers of x, and moves the pointers behind them. One
/// instruction loads four numbers, which makes 21 instructions for 16 multiplications. Products are rounded before they
/// are added, as on a host without fused multiply-add.
TENON_INLINE void add_four_columns(const float*& x, const float*& row0, const float*& row1, const float*& row2,
                                   const float*& row3, float& sum0, float& sum1, float& sum2, float& sum3) {
  asm volatile("vldmia %[x]!, {s16-s19}\n\t"
               "vldmia %[row0]!, {s0-s3}\n\t"
               "vldmia %[row1]!, {s4-s7}\n\t"
               "vldmia %[row2]!, {s8-s11}\n\t"
               "vldmia %[row3]!, {s12-s15}\n\t"
               "vmla.f32 %[sum0], s0, s16\n\t"
               "vmla.f32 %[sum1], s4, s16\n\t"
               "vmla.f32 %[sum2], s8, s16\n\t"
               "vmla.f32 %[sum3], s12, s16\n\t"
               "vmla.f32 %[sum0], s1, s17\n\t"
               "vmla.f32 %[sum1], s5, s17\n\t"
               "vmla.f32 %[sum2], s9, s17\n\t"
               "vmla.f32 %[sum3], s13, s17\n\t"
               "vmla.f32 %[sum0], s2, s18\n\t"
               "vmla.f32 %[sum1], s6, s18\n\t"
               "vmla.f32 %[sum2], s10, s18\n\t"
               "vmla.f32 %[sum3], s14, s18\n\t"
               "vmla.f32 %[sum0], s3, s19\n\t"
               "vmla.f32 %[sum1], s7, s19\n\t"
               "vmla.f32 %[sum2], s11, s19\n\t"
               "vmla.f32 %[sum3], s15, s19\n\t"
               : [x] "+r"(x), [row0] "+r"(row0), [row1] "+r"(row1), [row2] "+r"(row2), [row3] "+r"(row3),
                 [sum0] "+t"(sum0), [sum1] "+t"(sum1), [sum2] "+t"(sum2), [sum3] "+t"(sum3)
               :
               : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15",
                 "s16", "s17", "s18", "s19", "memory");
}

#else

template <class T>
inline constexpr bool loads_many = false;

/// Never called on other processors.
template <class... T>
void add_four_columns(T&...);

#endif

}  // namespace tenon::kernels::thumb
