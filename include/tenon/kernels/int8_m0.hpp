#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <tenon/inline.hpp>

/// What int8 networks spend their time on with Armv6-M (Cortex-M0), by hand. It multiplies 32 bits to 32 bits only, and
/// eight of its registers can do more than move and add: compilers go through memory, and through a library's
/// multiplication for each number of the next tensor.
#if defined(__ARM_ARCH_6M__)

namespace tenon::kernels::detail {

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

/// What the loop below reads; it knows the places by their numbers.
struct ByteRows {
  const std::int8_t* weights;
  const std::int8_t* x;
  const std::int8_t* x_end;
  std::int32_t* sums;
};

/// Adds the products of four rows with x, four columns at a time, of which there is one at least: a load of a word and
/// a shift for each byte, with the sums in the upper registers, takes a quarter off what compilers make of it.
/// Registers have their names, as in all loops below: at -Os the compiler gives r8 to r11 to nobody.
[[gnu::noinline]] inline void add_products_m0(const ByteRows& rows) {
  register const ByteRows* at asm("r0") = &rows;
  asm volatile(".syntax unified\n"
               "ldmia r0!, {r1-r4}\n"
               "mov r12, r2\n"
               "mov lr, r3\n"
               "push {r4}\n"
               "ldmia r4!, {r0, r3, r5, r6}\n"
               "mov r8, r0\n"
               "mov r9, r3\n"
               "mov r10, r5\n"
               "mov r11, r6\n"
               "1:\n"
               "mov r2, r12\n"
               "ldmia r2!, {r6}\n"
               "mov r12, r2\n"
               "sxtb r3, r6\n"
               "asrs r4, r6, #8\n"
               "sxtb r4, r4\n"
               "asrs r5, r6, #16\n"
               "sxtb r5, r5\n"
               "asrs r6, r6, #24\n"                                                           //
               TENON_M0_ROW("r8") TENON_M0_ROW("r9") TENON_M0_ROW("r10") TENON_M0_ROW("r11")  //
               "cmp r12, lr\n"
               "bne 1b\n"
               "pop {r4}\n"
               "mov r0, r8\n"
               "mov r1, r9\n"
               "mov r2, r10\n"
               "mov r3, r11\n"
               "stmia r4!, {r0-r3}\n"
               : "+r"(at)
               :
               : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

#if !defined(TENON_DOUBLE_ROUNDING)  // these round once
#define TENON_M0_KERNELS

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

/// What the loop below reads; it knows the places by their numbers.
struct NineTaps {
  const std::int8_t* weights;
  const std::int8_t* const* taps;
  const std::int8_t* const* taps_end;
  size_t channel;
  const std::int32_t* bias;
  std::int32_t* sums;
};

/// Nine taps of four channels that have weights of their own: what each meets lies `channel` bytes behind its pointer,
/// 4-aligned.
[[gnu::noinline]] inline void add_taps_m0(const NineTaps& nine) {
  register const NineTaps* at asm("r0") = &nine;
  asm volatile(".syntax unified\n"
               "push {r7}\n"
               "ldmia r0!, {r1-r6}\n"
               "mov lr, r3\n"
               "mov r12, r6\n"
               "ldmia r5!, {r0, r3, r6, r7}\n"
               "mov r8, r0\n"
               "mov r9, r3\n"
               "mov r10, r6\n"
               "mov r11, r7\n"
               "1:\n"
               "ldmia r2!, {r6}\n"
               "ldr r6, [r6, r4]\n"
               "ldmia r1!, {r5}\n"
               "sxtb r0, r5\n"
               "sxtb r3, r6\n"
               "muls r0, r3, r0\n"
               "add r8, r0\n"
               "asrs r5, r5, #8\n"
               "asrs r6, r6, #8\n"
               "sxtb r0, r5\n"
               "sxtb r3, r6\n"
               "muls r0, r3, r0\n"
               "add r9, r0\n"
               "asrs r5, r5, #8\n"
               "asrs r6, r6, #8\n"
               "sxtb r0, r5\n"
               "sxtb r3, r6\n"
               "muls r0, r3, r0\n"
               "add r10, r0\n"
               "asrs r5, r5, #8\n"
               "asrs r6, r6, #8\n"
               "muls r5, r6, r5\n"
               "add r11, r5\n"
               "cmp r2, lr\n"
               "bne 1b\n"
               "mov r4, r12\n"
               "mov r0, r8\n"
               "mov r1, r9\n"
               "mov r2, r10\n"
               "mov r3, r11\n"
               "stmia r4!, {r0-r3}\n"
               "pop {r7}\n"
               : "+r"(at)
               :
               : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

#endif
#undef TENON_M0_ROW

}  // namespace tenon::kernels::detail

#endif
