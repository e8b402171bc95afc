#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <tenon/inline.hpp>

/// The loop in which a network of dense layers spends its time on Armv7E-M (Cortex-M4 and M7), by hand: four rows at a
/// time with a column that is widened as it is loaded, in all fourteen registers.
///
/// As the loops for images do (int8_thumb.hpp) it rounds and adds the zero point z by one multiply-accumulate, and
/// shifts as it saturates: ((h >> s) + 1 >> 1) + z = (h + ((1 + 2 z) << s)) >> (s + 1). It is called only where all
/// shifts s are 0 to 20 and outputs have no bounds but those of int8.
#if defined(__ARM_FEATURE_SIMD32) && !defined(__ARM_FEATURE_MVE) && defined(__thumb2__)
#define TENON_THUMB_KERNELS

namespace tenon::kernels::detail {

/// Whether `groups` times four rows have shifts of 0 to 20. Four bytes are asked at once: of those below 128, 107 more
/// takes the ones above 20 to 128.
TENON_INLINE bool four_shifts_are_quick(const std::int8_t* shift, size_t groups) {
  std::uint32_t wrong = 0;
  for (; groups > 0; --groups, shift += 4) {
    std::uint32_t four;
    std::memcpy(&four, shift, 4);
    wrong |= four | (four + 0x6B6B6B6BU);
  }
  return (wrong & 0x80808080U) == 0;
}

/// What the loop reads and moves on; it knows the places by their numbers.
struct ThumbDense {
  const std::int32_t* multiplier;
  const std::int8_t* shift;
  std::int8_t* y;
  std::int32_t half;  // 1 + 2 z
  const void* bias;
  const std::int8_t* x;
  const std::int8_t* single_end;  // of x: blocks before it are taken one by one, those behind it by fours
  const std::int8_t* x_end;
  const std::int8_t* y_end;
  const std::int8_t* weights;
};

// r0 weights, r1 x, r2 to r5 sums, lr where x ends.
#define TENON_THUMB_ROW(sum, word)                                                                                     \
  "sxtb16 r12, " word "\n"                                                                                             \
  "sxtb16 " word ", " word ", ror #8\n"                                                                                \
  "smlad " sum ", r12, r10, " sum "\n"                                                                                 \
  "smlad " sum ", " word ", r11, " sum "\n"
#define TENON_THUMB_BLOCK                                                                                              \
  "ldr r11, [r1], #4\n"                                                                                                \
  "ldmia r0!, {r6-r9}\n"                                                                                               \
  "sxtb16 r10, r11\n"                                                                                                  \
  "sxtb16 r11, r11, ror #8\n" TENON_THUMB_ROW("r2", "r6") TENON_THUMB_ROW("r3", "r7") TENON_THUMB_ROW("r4", "r8")      \
      TENON_THUMB_ROW("r5", "r9")
#define TENON_THUMB_WRITE(sum, multiplier)                                                                             \
  "ldrb r12, [r7], #1\n"                                                                                               \
  "lsl r6, r9, r12\n"                                                                                                  \
  "smmla " sum ", " sum ", " multiplier ", r6\n"                                                                       \
  "asr " sum ", " sum ", r12\n"                                                                                        \
  "ssat " sum ", #8, " sum ", asr #1\n"                                                                                \
  "strb " sum ", [r8], #1\n"

/// All rows, by fours: 20 instructions for 16 products. OneScale: the first four multipliers and shifts are all rows'.
/// ThreeBytes: of a bias.
template <bool OneScale, bool ThreeBytes>
[[gnu::noinline]] inline void dense_thumb(ThumbDense& state) {
  register ThumbDense* at asm("r0") = &state;
  asm volatile(".syntax unified\n"
               "push {r0, r7, r11}\n"  // which compilers may want for themselves
               "mov r12, r0\n"
               "ldr r0, [r12, #36]\n"
               "1:\n"
               "ldr r6, [r12, #16]\n"
               "ldrd r1, lr, [r12, #20]\n"
               ".if %c[three]\n"
               "ldr r2, [r6], #3\n"
               "ldr r3, [r6], #3\n"
               "ldr r4, [r6], #3\n"
               "ldr r5, [r6], #3\n"
               "sbfx r2, r2, #0, #24\n"
               "sbfx r3, r3, #0, #24\n"
               "sbfx r4, r4, #0, #24\n"
               "sbfx r5, r5, #0, #24\n"
               ".else\n"
               "ldmia r6!, {r2-r5}\n"
               ".endif\n"
               "str r6, [r12, #16]\n"
               "cmp r1, lr\n"
               "beq 3f\n"
               "2:\n"  //
               TENON_THUMB_BLOCK "cmp r1, lr\n"
               "bne 2b\n"
               "ldr r12, [sp]\n"
               "3:\n"
               "ldr lr, [r12, #28]\n"
               "cmp r1, lr\n"
               "beq 5f\n"
               "4:\n"                                                                   //
               TENON_THUMB_BLOCK TENON_THUMB_BLOCK TENON_THUMB_BLOCK TENON_THUMB_BLOCK  //
               "cmp r1, lr\n"
               "bne 4b\n"
               "ldr r12, [sp]\n"
               "5:\n"
               "ldmia r12, {r6-r9}\n"
               "ldmia r6!, {r1, r10, r11, lr}\n"
               ".if !%c[one]\n"
               "str r6, [r12]\n"
               ".endif\n"                                                    //
               TENON_THUMB_WRITE("r2", "r1") TENON_THUMB_WRITE("r3", "r10")  //
               TENON_THUMB_WRITE("r4", "r11") TENON_THUMB_WRITE("r5", "lr")  //
               "ldr r12, [sp]\n"
               ".if %c[one]\n"
               "str r8, [r12, #8]\n"
               ".else\n"
               "strd r7, r8, [r12, #4]\n"
               ".endif\n"
               "ldr r6, [r12, #32]\n"
               "cmp r8, r6\n"
               "bne 1b\n"
               "pop {r0, r7, r11}\n"
               : "+r"(at)
               : [one] "i"(OneScale), [three] "i"(ThreeBytes)
               : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r12", "lr", "cc", "memory");
}

#undef TENON_THUMB_ROW
#undef TENON_THUMB_BLOCK
#undef TENON_THUMB_WRITE

}  // namespace tenon::kernels::detail

#endif
