#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/kernels/int8_products.hpp>

/// The loops in which a network of images spends its time on Armv7E-M (Cortex-M4 and M7), by hand. Of the fourteen
/// registers compilers use twelve, and they keep moving pointers in memory.
///
/// All do the last rounding and add the zero point z by one multiply-accumulate, and shift as they saturate:
/// ((h >> s) + 1 >> 1) + z = (h + ((1 + 2 z) << s)) >> (s + 1). They are called only where all shifts s are 0 to 20 and
/// outputs have no bounds but those of int8.
#if defined(TENON_THUMB_KERNELS)

namespace tenon::kernels::detail {

/// Whether `count` rows have shifts that the loops take.
TENON_INLINE bool shifts_are_quick(const std::int8_t* shift, size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (static_cast<std::uint8_t>(shift[i]) > 20) return false;
  return true;
}

/// What a loop reads and moves on; it knows the places by their numbers.
struct ThumbPair {
  const std::int32_t* multiplier;
  const std::int8_t* shift;
  std::int8_t* y;
  std::int8_t* next;
  std::int32_t half;  // 1 + 2 z
  const std::int32_t* bias;
  std::int32_t step, other_step;  // from the end of a row's weights to the next two rows, by turns
  const std::int8_t* x;
  const std::int8_t* x_end;
  size_t turn;  // where the first turn of the loop over blocks begins
  const std::int8_t* y_end;

  /// The loop takes four blocks in each turn; of the first one so many bytes of its code are left out.
  static constexpr size_t left_out(size_t blocks) { return (0 - blocks) % 4 * (14 * 4); }
};

// r0 weights, r1 x, r2 to r5 sums (row 0 with both columns, row 1 with both), lr where x ends.
#define TENON_THUMB_BLOCK                                                                                              \
  "ldrd r6, r7, [r0], #16\n"                                                                                           \
  "ldmia r1!, {r8-r11}\n"                                                                                              \
  "sxtb16 r12, r6\n"                                                                                                   \
  "sxtb16 r6, r6, ror #8\n"                                                                                            \
  "smlad r2, r12, r8, r2\n"                                                                                            \
  "smlad r3, r12, r10, r3\n"                                                                                           \
  "sxtb16 r12, r7\n"                                                                                                   \
  "sxtb16 r7, r7, ror #8\n"                                                                                            \
  "smlad r2, r6, r9, r2\n"                                                                                             \
  "smlad r3, r6, r11, r3\n"                                                                                            \
  "smlad r4, r12, r8, r4\n"                                                                                            \
  "smlad r5, r12, r10, r5\n"                                                                                           \
  "smlad r4, r7, r9, r4\n"                                                                                             \
  "smlad r5, r7, r11, r5\n"
// Row 0 or 1 of the two, whose sums are in registers A and B; r10 or r11 has its multiplier. The second pixel goes
// first: where there is none it lies where the first one does. WITHIN saturates, STORE and SIZE are of a number.
#define TENON_THUMB_ROW(multiplier, a, b, within, bits, store, size)                                                   \
  "ldrb lr, [r7], #1\n"                                                                                                \
  "ldr r1, [r12, #16]\n"                                                                                               \
  "lsl r1, r1, lr\n"                                                                                                   \
  "smmla " a ", " a ", " multiplier ", r1\n"                                                                           \
  "smmla " b ", " b ", " multiplier ", r1\n"                                                                           \
  "asr " a ", " a ", lr\n"                                                                                             \
  "asr " b ", " b ", lr\n" within a ", " bits ", " a ", asr #1\n" within b ", " bits ", " b ", asr #1\n" store b       \
  ", [r9], " size "\n" store a ", [r8], " size "\n"
#define TENON_THUMB_PAIR(within, bits, store, size)                                                                    \
  register ThumbPair* at asm("r0") = &state;                                                                           \
  register const std::int8_t* from asm("r1") = weights;                                                                \
  register size_t start asm("r2") = left_out;                                                                          \
  asm volatile(".syntax unified\n"                                                                                     \
               ".p2align 2\n"         /* of the section, as adr takes for granted */                                   \
               "push {r0, r7, r11}\n" /* which compilers may want for themselves */                                    \
               "mov r12, r0\n"                                                                                         \
               "adr.w r6, 2f\n"                                                                                        \
               "add r2, r2, r6\n"                                                                                      \
               "orr r2, r2, #1\n"                                                                                      \
               "str r2, [r12, #40]\n"                                                                                  \
               "mov r0, r1\n"                                                                                          \
               "1:\n"                                                                                                  \
               "ldr r6, [r12, #20]\n"                                                                                  \
               "ldrd r1, lr, [r12, #32]\n"                                                                             \
               "ldrd r2, r4, [r6], #8\n"                                                                               \
               "str r6, [r12, #20]\n"                                                                                  \
               "mov r3, r2\n"                                                                                          \
               "mov r5, r4\n"                                                                                          \
               "ldr pc, [r12, #40]\n"                                                                                  \
               "2:\n" TENON_THUMB_BLOCK TENON_THUMB_BLOCK TENON_THUMB_BLOCK TENON_THUMB_BLOCK "cmp r1, lr\n"           \
               "bne 2b\n"                                                                                              \
               "ldr r12, [sp]\n"                                                                                       \
               "ldmia r12, {r6-r9}\n"                                                                                  \
               "ldrd r10, r11, [r6], #8\n" TENON_THUMB_ROW("r10", "r2", "r3", within, bits, store, size)               \
                   TENON_THUMB_ROW("r11", "r4", "r5", within, bits, store, size) "stmia r12, {r6-r9}\n"                \
                                                                                 "ldrd r6, r7, [r12, #24]\n"           \
                                                                                 "add r0, r0, r6\n"                    \
                                                                                 "strd r7, r6, [r12, #24]\n"           \
                                                                                 "ldr r6, [r12, #44]\n"                \
                                                                                 "cmp r8, r6\n"                        \
                                                                                 "bne 1b\n"                            \
                                                                                 "pop {r0, r7, r11}\n"                 \
               : "+r"(at), "+r"(from), "+r"(start)                                                                     \
               :                                                                                                       \
               : "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r12", "lr", "cc", "memory")

/// All rows, by twos, with a pair of widened columns: 14 instructions for 16 products.
TENON_INLINE void multiply_pair_thumb(ThumbPair& state, const std::int8_t* weights, size_t left_out) {
  TENON_THUMB_PAIR("ssat ", "#8", "strb ", "#1");
}
/// The same with columns of 16 bits, and so are y and next: outputs that have no bounds, or none but 0 below.
[[gnu::noinline]] inline void multiply_wide_pair_thumb(ThumbPair& state, const std::int8_t* weights, size_t left_out) {
  TENON_THUMB_PAIR("ssat ", "#16", "strh ", "#2");
}
[[gnu::noinline]] inline void multiply_rectified_pair_thumb(ThumbPair& state, const std::int8_t* weights,
                                                            size_t left_out) {
  TENON_THUMB_PAIR("usat ", "#15", "strh ", "#2");
}

#undef TENON_THUMB_PAIR
#undef TENON_THUMB_BLOCK
#undef TENON_THUMB_ROW

/// As above, of a pixel of 3x3 taps that are each channel's own.
struct ThumbDepthwise {
  const std::int32_t* multiplier;
  const std::int8_t* shift;
  std::int8_t* y;
  std::int32_t half;
  const std::int32_t* bias;
  std::int32_t x_step;  // from the last row of taps to the next four channels
  const std::int8_t* y_end;
  const std::int8_t* weights;
  const std::int8_t* x;
  std::int32_t column, line;  // from tap to tap, from row to row
};

// A word of four channels' weights in W; r2 to r5 are the sums of channels 0 to 3, r11 has the four numbers of x.
#define TENON_THUMB_TAP(w, load)                                                                                       \
  load "sxtb16 r12, " w "\n"                                                                                           \
       "sxtb16 lr, r11\n"                                                                                              \
       "sxtb16 " w ", " w ", ror #8\n"                                                                                 \
       "sxtb16 r11, r11, ror #8\n"                                                                                     \
       "smlabb r2, r12, lr, r2\n"                                                                                      \
       "smlatt r4, r12, lr, r4\n"                                                                                      \
       "smlabb r3, " w ", r11, r3\n"                                                                                   \
       "smlatt r5, " w ", r11, r5\n"
#define TENON_THUMB_ROW(first, second, third)                                                                          \
  "ldmia r0!, {r8-r10}\n" TENON_THUMB_TAP("r8", first) TENON_THUMB_TAP("r9", second) TENON_THUMB_TAP("r10", third)
#define TENON_THUMB_WRITE(sum, within, bits, store, size)                                                              \
  "ldr r12, [r8], #4\n"                                                                                                \
  "ldrb lr, [r9], #1\n"                                                                                                \
  "lsl r6, r11, lr\n"                                                                                                  \
  "smmla " sum ", " sum ", r12, r6\n"                                                                                  \
  "asr " sum ", " sum ", lr\n" within sum ", " bits ", " sum ", asr #1\n" store sum ", [r10], " size "\n"
#define TENON_THUMB_DEPTHWISE(rows, within, bits, store, size)                                                         \
  register ThumbDepthwise* at asm("r0") = &state;                                                                      \
  asm volatile(".syntax unified\n"                                                                                     \
               "push {r0, r7, r11}\n"                                                                                  \
               "mov r12, r0\n"                                                                                         \
               "ldrd r0, r1, [r12, #28]\n"                                                                             \
               "1:\n"                                                                                                  \
               "ldr r8, [r12, #16]\n"                                                                                  \
               "ldrd r6, r7, [r12, #36]\n"                                                                             \
               "ldmia r8!, {r2-r5}\n"                                                                                  \
               "str r8, [r12, #16]\n" rows "ldr r12, [sp]\n"                                                           \
               "ldmia r12, {r8-r11}\n" TENON_THUMB_WRITE("r2", within, bits, store, size)                              \
                   TENON_THUMB_WRITE("r3", within, bits, store, size)                                                  \
                       TENON_THUMB_WRITE("r4", within, bits, store, size)                                              \
                           TENON_THUMB_WRITE("r5", within, bits, store, size) "ldr r12, [sp]\n"                        \
                                                                              "stmia r12, {r8-r10}\n"                  \
                                                                              "ldrd r6, r7, [r12, #20]\n"              \
                                                                              "add r1, r1, r6\n"                       \
                                                                              "cmp r10, r7\n"                          \
                                                                              "bne 1b\n"                               \
                                                                              "pop {r0, r7, r11}\n"                    \
               : "+r"(at)                                                                                              \
               :                                                                                                       \
               : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r12", "lr", "cc", "memory")
#define TENON_THUMB_BYTES "ssat ", "#8", "strb ", "#1"
#define TENON_THUMB_HALVES "ssat ", "#16", "strh ", "#2"
#define TENON_THUMB_RECTIFIED "usat ", "#15", "strh ", "#2"
#define TENON_THUMB_CALL(macro, ...) macro(__VA_ARGS__)

/// A pixel whose window lies within the image, four channels at a time.
[[gnu::noinline]] inline void depthwise_thumb(ThumbDepthwise& state) {
#define TENON_THUMB_LINE TENON_THUMB_ROW("ldr r11, [r1]\n", "ldr r11, [r1, r6]\n", "ldr r11, [r1, r6, lsl #1]\n")
  TENON_THUMB_CALL(TENON_THUMB_DEPTHWISE,
                   TENON_THUMB_LINE "add r1, r1, r7\n" TENON_THUMB_LINE "add r1, r1, r7\n" TENON_THUMB_LINE,
                   TENON_THUMB_BYTES);
#undef TENON_THUMB_LINE
}
/// One whose window leaves it: `column` is the address of nine pointers, one a tap, and x counts from 0.
[[gnu::noinline]] inline void depthwise_border_thumb(ThumbDepthwise& state) {
#define TENON_THUMB_NEXT "ldr r11, [r6], #4\nldr r11, [r11, r1]\n"
#define TENON_THUMB_LINE TENON_THUMB_ROW(TENON_THUMB_NEXT, TENON_THUMB_NEXT, TENON_THUMB_NEXT)
  TENON_THUMB_CALL(TENON_THUMB_DEPTHWISE, TENON_THUMB_LINE TENON_THUMB_LINE TENON_THUMB_LINE, TENON_THUMB_BYTES);
#undef TENON_THUMB_LINE
#undef TENON_THUMB_NEXT
}

#undef TENON_THUMB_TAP
#undef TENON_THUMB_ROW

// The same with numbers of 16 bits: r11 and r12 have the four of x.
#define TENON_THUMB_TAP(w, load)                                                                                       \
  load "sxtb16 lr, " w "\n"                                                                                            \
       "sxtb16 " w ", " w ", ror #8\n"                                                                                 \
       "smlabb r2, lr, r11, r2\n"                                                                                      \
       "smlabt r3, " w ", r11, r3\n"                                                                                   \
       "smlatb r4, lr, r12, r4\n"                                                                                      \
       "smlatt r5, " w ", r12, r5\n"
#define TENON_THUMB_ROW(first, second, third)                                                                          \
  "ldmia r0!, {r8-r10}\n" TENON_THUMB_TAP("r8", first) TENON_THUMB_TAP("r9", second "ldrd r11, r12, [r12]\n")          \
      TENON_THUMB_TAP("r10", third "ldrd r11, r12, [r12]\n")
#define TENON_THUMB_LINE TENON_THUMB_ROW("ldrd r11, r12, [r1]\n", "add r12, r1, r6\n", "add r12, r1, r6, lsl #1\n")
#define TENON_THUMB_INSIDE TENON_THUMB_LINE "add r1, r1, r7\n" TENON_THUMB_LINE "add r1, r1, r7\n" TENON_THUMB_LINE
#define TENON_THUMB_NEXT "ldr r11, [r6], #4\nadd r12, r11, r1\n"
#define TENON_THUMB_AT_BORDER                                                                                          \
  TENON_THUMB_ROW(TENON_THUMB_NEXT "ldrd r11, r12, [r12]\n", TENON_THUMB_NEXT, TENON_THUMB_NEXT)

/// y and x are of 16 bits, and steps count bytes. `rectified`: outputs that have no bound but 0 below, else none.
template <bool Rectified>
[[gnu::noinline]] inline void depthwise_wide_thumb(ThumbDepthwise& state) {
  if constexpr (Rectified) {
    TENON_THUMB_CALL(TENON_THUMB_DEPTHWISE, TENON_THUMB_INSIDE, TENON_THUMB_RECTIFIED);
  } else {
    TENON_THUMB_CALL(TENON_THUMB_DEPTHWISE, TENON_THUMB_INSIDE, TENON_THUMB_HALVES);
  }
}
template <bool Rectified>
[[gnu::noinline]] inline void depthwise_wide_border_thumb(ThumbDepthwise& state) {
  if constexpr (Rectified) {
    TENON_THUMB_CALL(TENON_THUMB_DEPTHWISE, TENON_THUMB_AT_BORDER TENON_THUMB_AT_BORDER TENON_THUMB_AT_BORDER,
                     TENON_THUMB_RECTIFIED);
  } else {
    TENON_THUMB_CALL(TENON_THUMB_DEPTHWISE, TENON_THUMB_AT_BORDER TENON_THUMB_AT_BORDER TENON_THUMB_AT_BORDER,
                     TENON_THUMB_HALVES);
  }
}

#undef TENON_THUMB_TAP
#undef TENON_THUMB_ROW
#undef TENON_THUMB_LINE
#undef TENON_THUMB_INSIDE
#undef TENON_THUMB_NEXT
#undef TENON_THUMB_AT_BORDER
#undef TENON_THUMB_WRITE
#undef TENON_THUMB_DEPTHWISE
#undef TENON_THUMB_BYTES
#undef TENON_THUMB_HALVES
#undef TENON_THUMB_RECTIFIED
#undef TENON_THUMB_CALL

/// Sums of two tensors, four numbers at a time: y = saturated((round(a') + round(b')) by + half >> down), where a' is
/// (a up_a + from_a) by_a in its upper word (int8_sums.hpp).
struct ThumbSum {
  const std::int8_t* a;
  const std::int8_t* b;
  std::int8_t* y;
  std::int32_t up_a, up_b, from_a, from_b, by_a, by_b, by, half, down;
  const std::int8_t* y_end;  // behind y by a multiple of four, and not 0
};

#define TENON_THUMB_NUMBER                                                                                             \
  "ldrsb r12, [r0], #1\n"                                                                                              \
  "ldrsb lr, [r1], #1\n"                                                                                               \
  "mla r12, r12, r3, r5\n"                                                                                             \
  "mla lr, lr, r4, r6\n"                                                                                               \
  "smmulr r12, r12, r7\n"                                                                                              \
  "smmlar r12, lr, r8, r12\n"                                                                                          \
  "smmla r12, r12, r9, r10\n"                                                                                          \
  "asr r12, r12, r11\n"                                                                                                \
  "ssat r12, #8, r12\n"                                                                                                \
  "strb r12, [r2], #1\n"

/// 43 instructions for four numbers: all registers hold something, so the end stands on the stack.
[[gnu::noinline]] inline void add_thumb(ThumbSum& state) {
  register ThumbSum* at asm("r0") = &state;
  asm volatile(".syntax unified\n"
               "ldr r12, [r0, #48]\n"
               "push {r7, r11, r12}\n"
               "ldmia r0, {r0-r11}\n"
               "1:\n"                                                                       //
               TENON_THUMB_NUMBER TENON_THUMB_NUMBER TENON_THUMB_NUMBER TENON_THUMB_NUMBER  //
               "ldr lr, [sp, #8]\n"
               "cmp r2, lr\n"
               "bne 1b\n"
               "pop {r7, r11, r12}\n"
               : "+r"(at)
               :
               : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r12", "lr", "cc", "memory");
}

#undef TENON_THUMB_NUMBER

}  // namespace tenon::kernels::detail

#endif
