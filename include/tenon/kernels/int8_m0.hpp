#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <tenon/inline.hpp>

/// What int8 networks spend their time on with Armv6-M (Cortex-M0), by hand. It multiplies 32 bits to 32 bits only, and
/// eight of its registers can do more than move and add: compilers go through memory, and through a library's
/// multiplication for each number of the next tensor.
#if defined(__ARM_ARCH_6M__) && !defined(TENON_DOUBLE_ROUNDING)  // they round once
#define TENON_M0_KERNELS

namespace tenon::kernels::detail {

/// The upper 32 bits of a b for b >= 0, from four products of 16-bit halves, with no intermediate beyond 32 bits.
TENON_INLINE std::int32_t upper_word(std::int32_t a, std::int32_t b) {
  const std::int32_t a_high = a >> 16, b_high = b >> 16;
  const std::uint32_t a_low = a & 0xFFFF, b_low = b & 0xFFFF;
  const std::int32_t first = a_high * static_cast<std::int32_t>(b_low) + static_cast<std::int32_t>(a_low * b_low >> 16);
  const std::int32_t second = (first & 0xFFFF) + static_cast<std::int32_t>(a_low) * b_high;
  return a_high * b_high + (first >> 16) + (second >> 16);
}

/// What the loop below reads; it knows the places by their numbers.
struct FourNumbers {
  const std::int32_t* sums;
  const std::int32_t* multiplier;
  const std::int8_t* shift;
  std::int8_t* y;
  std::int32_t zero;
};

// As upper_word, in r5; then the shift, the rounding, the zero point. A number that leaves int8 becomes the nearest
// one.
#define TENON_M0_NUMBER(load)                                                                                          \
  load "\n"                                                                                                            \
       "ldmia r1!, {r4}\n"                                                                                             \
       "lsrs r5, r4, #16\n"                                                                                            \
       "uxth r4, r4\n"                                                                                                 \
       "asrs r6, r3, #16\n"                                                                                            \
       "uxth r3, r3\n"                                                                                                 \
       "movs r7, r3\n"                                                                                                 \
       "muls r7, r4, r7\n"                                                                                             \
       "lsrs r7, r7, #16\n"                                                                                            \
       "muls r4, r6, r4\n"                                                                                             \
       "adds r4, r4, r7\n"                                                                                             \
       "muls r3, r5, r3\n"                                                                                             \
       "muls r5, r6, r5\n"                                                                                             \
       "uxth r6, r4\n"                                                                                                 \
       "adds r3, r3, r6\n"                                                                                             \
       "asrs r4, r4, #16\n"                                                                                            \
       "asrs r3, r3, #16\n"                                                                                            \
       "adds r5, r5, r4\n"                                                                                             \
       "adds r5, r5, r3\n"                                                                                             \
       "ldrb r3, [r2]\n"                                                                                               \
       "adds r2, #1\n"                                                                                                 \
       "asrs r5, r3\n"                                                                                                 \
       "adds r5, #1\n"                                                                                                 \
       "asrs r5, r5, #1\n"                                                                                             \
       "add r5, lr\n"                                                                                                  \
       "adds r5, #128\n"                                                                                               \
       "lsrs r3, r5, #8\n"                                                                                             \
       "beq 1f\n"                                                                                                      \
       "asrs r5, r5, #31\n"                                                                                            \
       "mvns r5, r5\n"                                                                                                 \
       "1:\n"                                                                                                          \
       "subs r5, #128\n"                                                                                               \
       "mov r6, r12\n"

[[gnu::noinline]] inline void write_four_m0(const FourNumbers& four) {
  register const FourNumbers* at asm("r0") = &four;
  asm volatile(".syntax unified\n"
               "push {r7}\n"
               "ldmia r0!, {r1-r5}\n"
               "mov r12, r4\n"
               "mov lr, r5\n"
               "movs r0, r1\n"
               "movs r1, r2\n"
               "movs r2, r3\n"                                           //
               TENON_M0_NUMBER("ldmia r0!, {r3}") "strb r5, [r6]\n"      //
               TENON_M0_NUMBER("ldmia r0!, {r3}") "strb r5, [r6, #1]\n"  //
               TENON_M0_NUMBER("ldmia r0!, {r3}") "strb r5, [r6, #2]\n"  //
               TENON_M0_NUMBER("ldmia r0!, {r3}") "strb r5, [r6, #3]\n"
                                                  "pop {r7}\n"
               : "+r"(at)
               :
               : "r1", "r2", "r3", "r4", "r5", "r6", "r12", "lr", "cc", "memory");
}

/// Whether of `count` rows no scale is above a quarter.
TENON_INLINE bool shifts_are_down(const std::int8_t* shift, size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (shift[i] < 0) return false;
  return true;
}

/// Four numbers of the next tensor, where nothing but int8 bounds them and no scale is above a quarter.
TENON_INLINE bool write_four(const std::int32_t* sums, const std::int32_t* multiplier, const std::int8_t* shift,
                             std::int32_t zero, std::int8_t* y) {
  if ((shift[0] | shift[1] | shift[2] | shift[3]) < 0) return false;
  write_four_m0({sums, multiplier, shift, y, zero});
  return true;
}

// Four weights of a row with four numbers that are words in r3 to r6.
#define TENON_M0_ROW(sum)                                                                                              \
  "ldmia r1!, {r2}\n"                                                                                                  \
  "sxtb r0, r2\n"                                                                                                      \
  "muls r0, r3, r0\n"                                                                                                  \
  "add " sum ", r0\n"                                                                                                  \
  "asrs r2, r2, #8\n"                                                                                                  \
  "sxtb r0, r2\n"                                                                                                      \
  "muls r0, r4, r0\n"                                                                                                  \
  "add " sum ", r0\n"                                                                                                  \
  "asrs r2, r2, #8\n"                                                                                                  \
  "sxtb r0, r2\n"                                                                                                      \
  "muls r0, r5, r0\n"                                                                                                  \
  "add " sum ", r0\n"                                                                                                  \
  "asrs r2, r2, #8\n"                                                                                                  \
  "muls r2, r6, r2\n"                                                                                                  \
  "add " sum ", r2\n"

/// What the loop below reads and moves on; it knows the places by their numbers.
struct WordColumn {
  const std::int8_t* weights;
  const std::int32_t* x;
  const std::int32_t* x_end;
  const std::int32_t* bias;
  const std::int32_t* multiplier;
  const std::int8_t* shift;
  std::int8_t* y;
  std::int32_t zero;
  const std::int8_t* y_end;
};

/// All rows, by fours, with a column of words: 63 instructions for 16 products.
TENON_INLINE void multiply_column_m0(WordColumn& column) {
  register WordColumn* at asm("r0") = &column;
  asm volatile(".syntax unified\n"
               "push {r0, r7}\n"
               "3:\n"
               "ldmia r0!, {r1, r2, r3, r4}\n"  // weights, where x begins and ends, bias
               "movs r7, r2\n"
               "mov r12, r3\n"
               "ldmia r4!, {r2, r3, r5, r6}\n"
               "mov r8, r2\n"
               "mov r9, r3\n"
               "mov r10, r5\n"
               "mov r11, r6\n"
               "subs r0, #4\n"
               "str r4, [r0]\n"
               "2:\n"
               "ldmia r7!, {r3-r6}\n"                                                         //
               TENON_M0_ROW("r8") TENON_M0_ROW("r9") TENON_M0_ROW("r10") TENON_M0_ROW("r11")  //
               "cmp r7, r12\n"
               "bne 2b\n"
               "ldr r0, [sp]\n"
               "stmia r0!, {r1}\n"
               "adds r0, #12\n"
               "ldmia r0!, {r1, r2, r3, r4}\n"  // multiplier, shift, y, zero
               "subs r0, #16\n"
               "mov r12, r3\n"
               "mov lr, r4\n"                                        //
               TENON_M0_NUMBER("mov r3, r8") "strb r5, [r6]\n"       //
               TENON_M0_NUMBER("mov r3, r9") "strb r5, [r6, #1]\n"   //
               TENON_M0_NUMBER("mov r3, r10") "strb r5, [r6, #2]\n"  //
               TENON_M0_NUMBER("mov r3, r11") "strb r5, [r6, #3]\n"
                                              "adds r6, #4\n"
                                              "stmia r0!, {r1, r2, r6}\n"
                                              "ldr r3, [r0, #4]\n"
                                              "ldr r0, [sp]\n"
                                              "cmp r6, r3\n"
                                              "beq 4f\n"
                                              "b 3b\n"
                                              "4:\n"
                                              "pop {r0, r7}\n"
               : "+r"(at)
               :
               : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

#undef TENON_M0_NUMBER
#undef TENON_M0_ROW

/// Bytes as words; returns where the next ones go.
[[gnu::noinline]] inline std::int32_t* widen_m0(const std::int8_t* from, size_t size, std::int32_t* to) {
  if (((reinterpret_cast<std::uintptr_t>(from) | size) & 3) == 0)
    for (; size > 0; size -= 4, from += 4, to += 4) {
      std::int32_t word;
      std::memcpy(&word, __builtin_assume_aligned(from, 4), 4);
      to[0] = static_cast<std::int8_t>(word);
      to[1] = static_cast<std::int8_t>(word >> 8);
      to[2] = static_cast<std::int8_t>(word >> 16);
      to[3] = word >> 24;
    }
  for (size_t i = 0; i < size; ++i) to[i] = from[i];
  return to + size;
}

/// Nine taps of four channels that have weights of their own: what each meets lies `channel` bytes behind its pointer,
/// 4-aligned.
[[gnu::noinline]] inline void add_taps_m0(const std::int8_t* w, const std::int8_t* const* taps, size_t channel,
                                          const std::int32_t* bias, std::int32_t* sums) {
  std::int32_t s0 = bias[0], s1 = bias[1], s2 = bias[2], s3 = bias[3], word, value, a, b;
  asm(".syntax unified\n"
      "1:\n"
      "ldmia %[taps]!, {%[value]}\n"
      "ldr %[value], [%[value], %[channel]]\n"
      "ldmia %[w]!, {%[word]}\n"
      "sxtb %[a], %[word]\n"
      "sxtb %[b], %[value]\n"
      "muls %[a], %[b], %[a]\n"
      "add %[s0], %[a]\n"
      "asrs %[word], %[word], #8\n"
      "asrs %[value], %[value], #8\n"
      "sxtb %[a], %[word]\n"
      "sxtb %[b], %[value]\n"
      "muls %[a], %[b], %[a]\n"
      "add %[s1], %[a]\n"
      "asrs %[word], %[word], #8\n"
      "asrs %[value], %[value], #8\n"
      "sxtb %[a], %[word]\n"
      "sxtb %[b], %[value]\n"
      "muls %[a], %[b], %[a]\n"
      "add %[s2], %[a]\n"
      "asrs %[word], %[word], #8\n"
      "asrs %[value], %[value], #8\n"
      "muls %[word], %[value], %[word]\n"
      "add %[s3], %[word]\n"
      "cmp %[taps], %[end]\n"
      "bne 1b\n"
      : [w] "+&l"(w), [taps] "+&l"(taps), [s0] "+&h"(s0), [s1] "+&h"(s1), [s2] "+&h"(s2), [s3] "+&h"(s3),
        [word] "=&l"(word), [value] "=&l"(value), [a] "=&l"(a), [b] "=&l"(b)
      : [channel] "l"(channel), [end] "h"(taps + 9)
      : "cc", "memory");
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

}  // namespace tenon::kernels::detail

#endif
