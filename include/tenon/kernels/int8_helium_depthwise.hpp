#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/inline.hpp>
#include <tenon/kernels/int8_helium.hpp>

/// Pixels of 3x3 taps that are each channel's own, by hand for Helium as int8_helium.hpp is. Outputs may have bounds.
#if defined(TENON_HELIUM_KERNELS)

namespace tenon::kernels::detail {

/// What the loops read and move on; they know the places by their numbers.
struct HeliumDepthwise {
  const std::int32_t* multiplier;
  const std::int8_t* shift;
  std::int8_t* y;
  const std::int32_t* bias;
  const std::int8_t* weights;
  const std::int8_t* x;
  size_t column, line;  // from tap to tap, from row to row
  std::int32_t zero;
  size_t count;  // of eight or sixteen channels
  std::int32_t low, high;
  size_t pixels, step;  // for sixteen channels: neighbours whose windows lie within, from x to x
};

// A tap of eight channels at [ADDRESS]: r10 the weights, which move on; q7 where they lie; q0 and q1 the sums of the
// even and of the odd channels.
#define TENON_HELIUM_TAP(address)                                                                                      \
  "vldrb.s16 q3, [" address "]\n"                                                                                      \
  "vldrb.s16 q2, [r10, q7]\n"                                                                                          \
  "add r10, #4\n"                                                                                                      \
  "vmullb.s16 q4, q2, q3\n"                                                                                            \
  "vmullt.s16 q5, q2, q3\n"                                                                                            \
  "vadd.i32 q0, q0, q4\n"                                                                                              \
  "vadd.i32 q1, q1, q5\n"
// Eight channels at a time. Bytes 0 to 3 of a tap are four channels, the next four lie 36 bytes on.
#define TENON_HELIUM_DEPTHWISE(taps)                                                                                   \
  register HeliumDepthwise* at asm("r0") = &state;                                                                     \
  asm volatile(".syntax unified\n"                                                                                     \
               "push {r7, r11}\n"                                                                                      \
               "mov r11, r0\n"                                                                                         \
               "movs r2, #0\n"                                                                                         \
               "vidup.u16 q7, r2, #1\n"                                                                                \
               "vshr.u16 q6, q7, #2\n"                                                                                 \
               "vshl.i16 q6, q6, #5\n"                                                                                 \
               "vadd.i16 q7, q7, q6\n"                                                                                 \
               "ldrd r2, r3, [r11, #40]\n"                                                                             \
               "vdup.16 q6, r2\n"                                                                                      \
               "push {r3}\n"                                                                                           \
               "ldrd r12, lr, [r11, #32]\n"                                                                            \
               "ldmia r11, {r2-r9}\n" /* multiplier, shift, y, bias, weights, x, column, line */                       \
               "mov r10, r6\n"                                                                                         \
               "pop {r11}\n"                                                                                           \
               "1:\n"                                                                                                  \
               "vld20.32 {q0, q1}, [r5]\n"                                                                             \
               "vld21.32 {q0, q1}, [r5]!\n" taps "vldrb.s16 q2, [r3], #8\n"                                            \
               "vld20.32 {q4, q5}, [r2]\n"                                                                             \
               "vld21.32 {q4, q5}, [r2]!\n"                                                                            \
               "vmvn q2, q2\n"                                                                                         \
               "vmulh.s32 q0, q0, q4\n"                                                                                \
               "vmulh.s32 q1, q1, q5\n"                                                                                \
               "vmovlb.s16 q4, q2\n"                                                                                   \
               "vmovlt.s16 q5, q2\n"                                                                                   \
               "vrshl.s32 q0, q0, q4\n"                                                                                \
               "vrshl.s32 q1, q1, q5\n"                                                                                \
               "vqmovnb.s32 q0, q0\n"                                                                                  \
               "vqmovnt.s32 q0, q1\n"                                                                                  \
               "vdup.16 q4, r11\n"                                                                                     \
               "vqadd.s16 q0, q0, r12\n"                                                                               \
               "vmax.s16 q0, q0, q6\n"                                                                                 \
               "vmin.s16 q0, q0, q4\n"                                                                                 \
               "add r10, #36\n"                                                                                        \
               "adds r7, #8\n"                                                                                         \
               "vstrb.16 q0, [r4], #8\n"                                                                               \
               "le lr, 1b\n"                                                                                           \
               "pop {r7, r11}\n"                                                                                       \
               : "+r"(at)                                                                                              \
               :                                                                                                       \
               : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r12", "lr", "q0", "q1", "q2", "q3", "q4",     \
                 "q5", "q6", "q7", "cc", "memory")

/// A pixel whose window lies within the image.
[[gnu::noinline]] inline void depthwise_helium(HeliumDepthwise& state) {
#define TENON_HELIUM_LINE TENON_HELIUM_TAP("r0") TENON_HELIUM_TAP("r1") TENON_HELIUM_TAP("r6")
#define TENON_HELIUM_NEXT "add r0, r0, r9\nadd r1, r1, r9\nadd r6, r6, r9\n"
  TENON_HELIUM_DEPTHWISE("mov r0, r7\nadd r1, r7, r8\nadd r6, r1, r8\n" TENON_HELIUM_LINE TENON_HELIUM_NEXT
                             TENON_HELIUM_LINE TENON_HELIUM_NEXT TENON_HELIUM_LINE);
#undef TENON_HELIUM_LINE
#undef TENON_HELIUM_NEXT
}
/// One whose window leaves it: `column` is the address of nine pointers, one a tap, and x counts from 0.
[[gnu::noinline]] inline void depthwise_border_helium(HeliumDepthwise& state) {
#define TENON_HELIUM_NEXT(place) "ldr r0, [r8, " place "]\nadd r0, r0, r7\n" TENON_HELIUM_TAP("r0")
  TENON_HELIUM_DEPTHWISE(TENON_HELIUM_NEXT("#0") TENON_HELIUM_NEXT("#4") TENON_HELIUM_NEXT("#8")
                             TENON_HELIUM_NEXT("#12") TENON_HELIUM_NEXT("#16") TENON_HELIUM_NEXT("#20")
                                 TENON_HELIUM_NEXT("#24") TENON_HELIUM_NEXT("#28") TENON_HELIUM_NEXT("#32"));
#undef TENON_HELIUM_NEXT
}

#undef TENON_HELIUM_DEPTHWISE
#undef TENON_HELIUM_TAP

/// Whether no weight is -128: then the products of two taps together fit 16 bits.
TENON_INLINE bool weights_are_narrow(const std::int8_t* w, size_t size) {
  int8x16_t smallest = vdupq_n_s8(0);
  for (; size >= 16; size -= 16, w += 16) smallest = vminq_s8(smallest, vld1q_s8(w));
  for (; size > 0; --size, ++w)
    if (*w == -128) return false;
  return vminvq_s8(0, smallest) > -128;
}

// Sixteen channels: q0 to q3 are the sums of channels 0, 4, 8 and 12, of 1, 5, 9 and 13, and so on. q7 says where the
// weights of each four are, and stands at TENON_HELIUM_KEPT while it holds something else.
#define TENON_HELIUM_KEPT "sp"
#define TENON_HELIUM_WIDEN                                                                                             \
  "vmovlb.s16 q5, q6\n"                                                                                                \
  "vadd.i32 q0, q0, q5\n"                                                                                              \
  "vmovlt.s16 q6, q6\n"                                                                                                \
  "vadd.i32 q2, q2, q6\n"                                                                                              \
  "vmovlb.s16 q5, q4\n"                                                                                                \
  "vadd.i32 q1, q1, q5\n"                                                                                              \
  "vmovlt.s16 q4, q4\n"                                                                                                \
  "vadd.i32 q3, q3, q4\n"
#define TENON_HELIUM_FIRST(number, address)                                                                            \
  "vldrw.u32 q4, [q7, " number "]\n"                                                                                   \
  "vldrb.8 q5, [" address "]\n"                                                                                        \
  "vmullb.s8 q6, q4, q5\n"                                                                                             \
  "vmullt.s8 q4, q4, q5\n"
#define TENON_HELIUM_SECOND(number, address)                                                                           \
  "vldrw.u32 q5, [q7, " number "]\n"                                                                                   \
  "vldrb.8 q7, [" address "]\n"                                                                                        \
  "vmullb.s8 q7, q5, q7\n"                                                                                             \
  "vadd.i16 q6, q6, q7\n"                                                                                              \
  "vldrb.8 q7, [" address "]\n"                                                                                        \
  "vmullt.s8 q5, q5, q7\n"                                                                                             \
  "vadd.i16 q4, q4, q5\n"                                                                                              \
  "vldrw.32 q7, [" TENON_HELIUM_KEPT "]\n" TENON_HELIUM_WIDEN
// Sixteen sums, already multiplied, become numbers in q0: q4 their shifts, r12 the zero point, LOW and HIGH the bounds.
#define TENON_HELIUM_SCALE(low, high)                                                                                  \
  "vmvn q4, q4\n"                                                                                                      \
  "vmovlb.s8 q5, q4\n"                                                                                                 \
  "vmovlt.s8 q6, q4\n"                                                                                                 \
  "vmovlb.s16 q4, q5\n"                                                                                                \
  "vmovlt.s16 q5, q5\n"                                                                                                \
  "vmovlb.s16 q7, q6\n"                                                                                                \
  "vmovlt.s16 q6, q6\n"                                                                                                \
  "vrshl.s32 q0, q0, q4\n"                                                                                             \
  "vrshl.s32 q2, q2, q5\n"                                                                                             \
  "vrshl.s32 q1, q1, q7\n"                                                                                             \
  "vrshl.s32 q3, q3, q6\n"                                                                                             \
  "vqmovnb.s32 q0, q0\n"                                                                                               \
  "vqmovnt.s32 q0, q2\n"                                                                                               \
  "vqmovnb.s32 q1, q1\n"                                                                                               \
  "vqmovnt.s32 q1, q3\n"                                                                                               \
  "vqadd.s16 q0, q0, r12\n"                                                                                            \
  "vqadd.s16 q1, q1, r12\n"                                                                                            \
  "vdup.8 q4, " low "\n"                                                                                               \
  "vdup.8 q5, " high "\n"                                                                                              \
  "vqmovnb.s16 q0, q0\n"                                                                                               \
  "vqmovnt.s16 q0, q1\n"                                                                                               \
  "vmax.s8 q0, q0, q4\n"                                                                                               \
  "vmin.s8 q0, q0, q5\n"
#define TENON_HELIUM_SIXTEEN(taps)                                                                                     \
  register HeliumDepthwise* at asm("r0") = &state;                                                                     \
  asm volatile(".syntax unified\n"                                                                                     \
               "push {r7, r11}\n"                                                                                      \
               "sub sp, #16\n"                                                                                         \
               "mov r11, r0\n"                                                                                         \
               "ldrd r12, lr, [r11, #32]\n"                                                                            \
               "ldmia r11, {r2-r9}\n" /* multiplier, shift, y, bias, weights, x, column, line */                       \
               "movs r0, #0\n"                                                                                         \
               "movs r1, #9\n"                                                                                         \
               "vidup.u32 q7, r0, #4\n"                                                                                \
               "movs r10, #144\n"                                                                                      \
               "vmul.i32 q7, q7, r1\n"                                                                                 \
               "vadd.i32 q7, q7, r6\n"                                                                                 \
               "1:\n"                                                                                                  \
               "vstrw.32 q7, [sp]\n"                                                                                   \
               "vld40.32 {q0, q1, q2, q3}, [r5]\n"                                                                     \
               "vld41.32 {q0, q1, q2, q3}, [r5]\n"                                                                     \
               "vld42.32 {q0, q1, q2, q3}, [r5]\n"                                                                     \
               "vld43.32 {q0, q1, q2, q3}, [r5]!\n" taps TENON_HELIUM_WIDEN "vld40.32 {q4, q5, q6, q7}, [r2]\n"        \
               "vld41.32 {q4, q5, q6, q7}, [r2]\n"                                                                     \
               "vld42.32 {q4, q5, q6, q7}, [r2]\n"                                                                     \
               "vld43.32 {q4, q5, q6, q7}, [r2]!\n"                                                                    \
               "vmulh.s32 q0, q0, q4\n"                                                                                \
               "vmulh.s32 q1, q1, q5\n"                                                                                \
               "vmulh.s32 q2, q2, q6\n"                                                                                \
               "vmulh.s32 q3, q3, q7\n"                                                                                \
               "vldrb.8 q4, [r3], #16\n"                                                                               \
               "ldrd r0, r1, [r11, #40]\n" TENON_HELIUM_SCALE("r0", "r1") "vldrw.32 q7, [sp]\n"                        \
                                                                          "adds r7, #16\n"                             \
                                                                          "vadd.i32 q7, q7, r10\n"                     \
                                                                          "vstrb.8 q0, [r4], #16\n"                    \
                                                                          "le lr, 1b\n"                                \
                                                                          "ldrd r0, r1, [r11, #48]\n"                  \
                                                                          "subs r0, #1\n"                              \
                                                                          "beq 3f\n"                                   \
                                                                          "str r0, [r11, #48]\n"                       \
                                                                          "ldr r7, [r11, #20]\n"                       \
                                                                          "ldr lr, [r11, #36]\n"                       \
                                                                          "add r7, r7, r1\n"                           \
                                                                          "ldrd r2, r3, [r11]\n"                       \
                                                                          "str r7, [r11, #20]\n"                       \
                                                                          "ldr r5, [r11, #12]\n"                       \
                                                                          "mul r0, lr, r10\n"                          \
                                                                          "vsub.i32 q7, q7, r0\n"                      \
                                                                          "b 1b\n"                                     \
                                                                          "3:\n"                                       \
                                                                          "add sp, #16\n"                              \
                                                                          "pop {r7, r11}\n"                            \
               : "+r"(at)                                                                                              \
               :                                                                                                       \
               : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r12", "lr", "q0", "q1", "q2", "q3", "q4",     \
                 "q5", "q6", "q7", "cc", "memory")

/// As depthwise_helium, sixteen channels at a time, and `pixels` pixels, which are written one behind the other; no
/// weight is -128.
[[gnu::noinline]] inline void depthwise_wide_helium(HeliumDepthwise& state) {
#define TENON_HELIUM_NEXT "add r0, r0, r9\nadd r1, r1, r9\nadd r6, r6, r9\n"
  TENON_HELIUM_SIXTEEN("mov r0, r7\nadd r1, r7, r8\nadd r6, r1, r8\n" TENON_HELIUM_FIRST("#0", "r0")
                           TENON_HELIUM_SECOND("#4", "r1")
                               TENON_HELIUM_FIRST("#8", "r6") "add r0, r0, r9\n" TENON_HELIUM_SECOND(
                                   "#12", "r0") "add r1, r1, r9\nadd r6, r6, r9\n" TENON_HELIUM_FIRST("#16", "r1")
                                   TENON_HELIUM_SECOND("#20", "r6") TENON_HELIUM_NEXT TENON_HELIUM_FIRST("#24", "r0")
                                       TENON_HELIUM_SECOND("#28", "r1") TENON_HELIUM_FIRST("#32", "r6"));
#undef TENON_HELIUM_NEXT
}
/// As depthwise_border_helium, sixteen channels at a time; no weight is -128.
[[gnu::noinline]] inline void depthwise_wide_border_helium(HeliumDepthwise& state) {
#define TENON_HELIUM_NEXT(place) "ldr r0, [r8, " place "]\nadd r0, r0, r7\n"
#define TENON_HELIUM_TWO(first, second)                                                                                \
  TENON_HELIUM_NEXT(first)                                                                                             \
  TENON_HELIUM_FIRST(first, "r0") TENON_HELIUM_NEXT(second) TENON_HELIUM_SECOND(second, "r0")
  TENON_HELIUM_SIXTEEN(TENON_HELIUM_TWO("#0", "#4") TENON_HELIUM_TWO("#8", "#12") TENON_HELIUM_TWO("#16", "#20")
                           TENON_HELIUM_TWO("#24", "#28") TENON_HELIUM_NEXT("#32") TENON_HELIUM_FIRST("#32", "r0"));
#undef TENON_HELIUM_TWO
#undef TENON_HELIUM_NEXT
}

/// Where three taps of a column lie, from row to row, and, a byte each, how far the next two pixels are from there: 16
/// bytes, or none for padding.
struct HeliumLines {
  const std::int8_t* from[3];
  std::uint32_t steps;
  std::uint32_t weights[4];  // where the loop keeps q7
};

// Four numbers that lie 4 bytes apart from PLACE on, and four that lie as far behind the first as those are long: what
// eight channels need, once for each of two pixels. q7 is where the first of each four are.
#define TENON_HELIUM_TWICE(place, next, distance)                                                                      \
  "add " next ", " place ", " distance "\n"                                                                            \
  "vmov q7[2], q7[0], " place ", " place "\n"                                                                          \
  "vmov q7[3], q7[1], " next ", " next "\n"

/// As depthwise_wide_helium, of eight channels and `count` pairs of neighbours, whose numbers lie together: a window
/// begins 8 bytes behind the one before. The taps of a line of padding are 32 bytes.
#undef TENON_HELIUM_KEPT
#define TENON_HELIUM_KEPT "r11, #16"
[[gnu::noinline]] inline void depthwise_eight_helium(HeliumDepthwise& state, HeliumLines& lines) {
  register HeliumDepthwise* at asm("r0") = &state;
  register HeliumLines* taps asm("r1") = &lines;
  asm volatile(".syntax unified\n"
               "push {r0, r7, r11}\n"
               "mov r11, r1\n"
               "ldrd r4, r5, [r0, #8]\n"  // y, bias
               "ldr r3, [r0, #16]\n"      // weights
               "ldr r2, [r0]\n"           // multiplier
               "ldrd r12, lr, [r0, #32]\n"
               "ldrb r8, [r11, #12]\n"
               "ldrb r9, [r11, #13]\n"
               "ldrb r10, [r11, #14]\n"
               "ldmia r11, {r0, r1, r6}\n"            //
               TENON_HELIUM_TWICE("r3", "r7", "#36")  //
               "vstrw.32 q7, [r11, #16]\n"
               "1:\n"                                 //
               TENON_HELIUM_TWICE("r5", "r7", "#16")  //
               "vldrw.u32 q0, [q7]\n"
               "vldrw.u32 q1, [q7, #4]\n"
               "vldrw.u32 q2, [q7, #8]\n"
               "vldrw.u32 q3, [q7, #12]\n"
               "vldrw.32 q7, [r11, #16]\n"                                                //
               TENON_HELIUM_FIRST("#0", "r0") TENON_HELIUM_SECOND("#4", "r0, #8")         //
               TENON_HELIUM_FIRST("#8", "r0, #16") TENON_HELIUM_SECOND("#12", "r1")       //
               TENON_HELIUM_FIRST("#16", "r1, #8") TENON_HELIUM_SECOND("#20", "r1, #16")  //
               TENON_HELIUM_FIRST("#24", "r6") TENON_HELIUM_SECOND("#28", "r6, #8")       //
               TENON_HELIUM_FIRST("#32", "r6, #16") TENON_HELIUM_WIDEN                    //
                   TENON_HELIUM_TWICE("r2", "r7", "#16")                                  //
               "vldrw.u32 q4, [q7]\n"
               "vldrw.u32 q5, [q7, #4]\n"
               "vldrw.u32 q6, [q7, #8]\n"
               "vmulh.s32 q0, q0, q4\n"
               "vldrw.u32 q4, [q7, #12]\n"
               "vmulh.s32 q1, q1, q5\n"
               "vmulh.s32 q2, q2, q6\n"
               "vmulh.s32 q3, q3, q4\n"
               "ldr r7, [sp]\n"
               "ldr r7, [r7, #4]\n"
               "ldr r3, [r7]\n"
               "ldr r7, [r7, #4]\n"
               "vmov q4[2], q4[0], r3, r3\n"
               "vmov q4[3], q4[1], r7, r7\n"
               "add r0, r0, r8\n"
               "add r1, r1, r9\n"
               "add r6, r6, r10\n"
               "ldr r7, [sp]\n"
               "ldrd r3, r7, [r7, #40]\n" TENON_HELIUM_SCALE("r3", "r7") "vstrb.8 q0, [r4], #16\n"
                                                                         "le lr, 1b\n"
                                                                         "pop {r0, r7, r11}\n"
               : "+r"(at), "+r"(taps)
               :
               : "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r12", "lr", "q0", "q1", "q2", "q3", "q4", "q5", "q6",
                 "q7", "cc", "memory");
}

#undef TENON_HELIUM_KEPT
#undef TENON_HELIUM_TWICE
#undef TENON_HELIUM_SCALE
#undef TENON_HELIUM_WIDEN
#undef TENON_HELIUM_FIRST
#undef TENON_HELIUM_SECOND
#undef TENON_HELIUM_SIXTEEN

}  // namespace tenon::kernels::detail

#endif
