#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <tenon/inline.hpp>

/// The loops in which int8 networks spend their time on Armv8.1-M with Helium (Cortex-M55 and M85), by hand. A sum over
/// a vector goes into a register with an even number, of which there are eight with lr: compilers, who keep lr for
/// their loops, move the eighth sum about, and all of them through memory to make vectors of them again.
///
/// The last rounding is one of Helium's shifts that round: ((h >> s) + 1) >> 1 = round(h / 2^(s + 1)). The loops are
/// called only where all shifts s are 0 to 31.
#if defined(__ARM_FEATURE_MVE)
#define TENON_HELIUM_KERNELS

#include <arm_mve.h>

namespace tenon::kernels::detail {

/// Whether none of `count` rows, a multiple of four, has a scale above 1/4: no shift is negative.
TENON_INLINE bool shifts_are_down(const std::int8_t* shift, size_t count) {
  std::uint32_t any = 0;
  for (size_t i = 0; i < count; i += 4) {
    std::uint32_t four;
    std::memcpy(&four, shift + i, 4);
    any |= four;
  }
  return (any & 0x80808080U) == 0;
}

/// What the loop reads and moves on; it knows the places by their numbers.
struct HeliumPair {
  const std::int32_t* multiplier;
  const std::int8_t* shift;
  std::int8_t* y;
  std::int8_t* next;
  const std::int32_t* bias;
  size_t groups;  // blocks beyond whole fours
  const std::int8_t* first;
  const std::int8_t* second;
  size_t fours;  // of blocks
  std::int32_t zero;
  const std::int8_t* y_end;
  const std::int8_t* weights;
};

// r0 r2 r4 r6: sums of the first column, r8 r10 r12 lr: those of the second. q0 to q3 rows, q4 and q5 columns.
#define TENON_HELIUM_COLUMN                                                                                            \
  "vmlava.s8 r0, q0, q4\n"                                                                                             \
  "vmlava.s8 r2, q1, q4\n"                                                                                             \
  "vmlava.s8 r4, q2, q4\n"                                                                                             \
  "vmlava.s8 r6, q3, q4\n"
#define TENON_HELIUM_PRODUCTS                                                                                          \
  TENON_HELIUM_COLUMN                                                                                                  \
  "vmlava.s8 r8, q0, q5\n"                                                                                             \
  "vmlava.s8 r10, q1, q5\n"                                                                                            \
  "vmlava.s8 r12, q2, q5\n"                                                                                            \
  "vmlava.s8 lr, q3, q5\n"

/// All rows, by fours, with a pair of columns, for outputs that have no bounds but those of int8: 16 instructions for
/// 128 products. Fewer than four blocks at the end are loaded row by row, where what would lie behind them counts as
/// zeros and is not read; of the columns it is read, and does not matter. The second pixel goes first: where there is
/// none it lies where the first one does.
TENON_INLINE void multiply_pair_helium(HeliumPair& state) {
  register HeliumPair* at asm("r0") = &state;
  asm volatile(".syntax unified\n"
               "push {r7, r11}\n"  // which compilers may want for themselves
               "mov r11, r0\n"
               "ldr r1, [r11, #44]\n"
               "movs r0, #0\n"
               "vidup.u32 q7, r0, #8\n"
               "vshl.i32 q7, q7, #1\n"
               "1:\n"
               "ldr r9, [r11, #16]\n"
               "ldrd r3, r5, [r11, #24]\n"
               "ldrd r0, r2, [r9], #8\n"
               "ldrd r4, r6, [r9], #8\n"
               "str r9, [r11, #16]\n"
               "ldr r7, [r11, #32]\n"
               "mov r8, r0\n"
               "mov r10, r2\n"
               "mov r12, r4\n"
               "mov lr, r6\n"
               "cbz r7, 3f\n"
               "2:\n"
               "vld40.32 {q0, q1, q2, q3}, [r1]\n"
               "vld41.32 {q0, q1, q2, q3}, [r1]\n"
               "vld42.32 {q0, q1, q2, q3}, [r1]\n"
               "vld43.32 {q0, q1, q2, q3}, [r1]!\n"
               "vldrb.8 q4, [r3], #16\n"
               "vldrb.8 q5, [r5], #16\n"  //
               TENON_HELIUM_PRODUCTS      //
               "subs r7, #1\n"
               "bne 2b\n"
               "3:\n"
               "ldr r7, [r11, #20]\n"
               "cbz r7, 4f\n"
               "vctp.32 r7\n"
               "vadd.i32 q6, q7, r1\n"
               "vpstttt\n"
               "vldrwt.u32 q0, [q6]\n"
               "vldrwt.u32 q1, [q6, #4]\n"
               "vldrwt.u32 q2, [q6, #8]\n"
               "vldrwt.u32 q3, [q6, #12]\n"
               "add r1, r1, r7, lsl #4\n"
               "vldrb.8 q4, [r3]\n"
               "vldrb.8 q5, [r5]\n"   //
               TENON_HELIUM_PRODUCTS  //
               "4:\n"
               "vmov q0[2], q0[0], r0, r4\n"
               "vmov q0[3], q0[1], r2, r6\n"
               "vmov q1[2], q1[0], r8, r12\n"
               "vmov q1[3], q1[1], r10, lr\n"
               "ldmia r11, {r3, r4, r5, r6}\n"
               "vldrb.s32 q3, [r4], #4\n"
               "vldrw.32 q2, [r3], #16\n"
               "vmvn q3, q3\n"
               "vmulh.s32 q0, q0, q2\n"
               "vmulh.s32 q1, q1, q2\n"
               "ldrd r0, r2, [r11, #36]\n"
               "vrshl.s32 q0, q0, q3\n"
               "vrshl.s32 q1, q1, q3\n"
               "vqmovnb.s32 q1, q1\n"
               "vqmovnt.s32 q1, q0\n"
               "vqadd.s16 q1, q1, r0\n"
               "vqmovnb.s16 q1, q1\n"
               "vstrb.32 q1, [r6], #4\n"
               "vshr.u32 q1, q1, #16\n"
               "vstrb.32 q1, [r5], #4\n"
               "stmia r11, {r3, r4, r5, r6}\n"
               "cmp r5, r2\n"
               "bne 1b\n"
               "pop {r7, r11}\n"
               : "+r"(at)
               :
               : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r12", "lr", "q0", "q1", "q2", "q3", "q4", "q5",
                 "q6", "q7", "cc", "memory");
}

#undef TENON_HELIUM_PRODUCTS

/// As above, of one column and of outputs that may have bounds.
struct HeliumDense {
  const std::int32_t* multiplier;
  const std::int8_t* shift;
  std::int8_t* y;
  std::int32_t zero;
  const void* bias;
  size_t groups;  // blocks beyond whole fours
  const std::int8_t* x;
  size_t fours;  // of blocks
  const std::int8_t* y_end;
  const std::int8_t* weights;
  std::int32_t low, high;
};

/// All rows, by fours: 10 instructions for 64 products. OneScale: the first four multipliers and shifts are all
/// rows'. ThreeBytes: of a bias.
template <bool OneScale, bool ThreeBytes>
[[gnu::noinline]] inline void dense_helium(HeliumDense& state) {
  register HeliumDense* at asm("r0") = &state;
  asm volatile(".syntax unified\n"
               "push {r7, r11}\n"
               "mov r11, r0\n"
               "ldrd r1, r2, [r11, #36]\n"
               "ldr r3, [r11, #44]\n"
               "vdup.32 q5, r2\n"
               "vdup.32 q6, r3\n"
               "movs r0, #0\n"
               "vidup.u32 q7, r0, #8\n"
               "vshl.i32 q7, q7, #1\n"
               "1:\n"
               "ldr r9, [r11, #16]\n"
               "ldrd r3, r7, [r11, #24]\n"
               ".if %c[three]\n"
               "ldr r0, [r9], #3\n"
               "ldr r2, [r9], #3\n"
               "ldr r4, [r9], #3\n"
               "ldr r6, [r9], #3\n"
               "sbfx r0, r0, #0, #24\n"
               "sbfx r2, r2, #0, #24\n"
               "sbfx r4, r4, #0, #24\n"
               "sbfx r6, r6, #0, #24\n"
               ".else\n"
               "ldrd r0, r2, [r9], #8\n"
               "ldrd r4, r6, [r9], #8\n"
               ".endif\n"
               "str r9, [r11, #16]\n"
               "wls lr, r7, 3f\n"
               "2:\n"
               "vld40.32 {q0, q1, q2, q3}, [r1]\n"
               "vld41.32 {q0, q1, q2, q3}, [r1]\n"
               "vld42.32 {q0, q1, q2, q3}, [r1]\n"
               "vld43.32 {q0, q1, q2, q3}, [r1]!\n"
               "vldrb.8 q4, [r3], #16\n"  //
               TENON_HELIUM_COLUMN        //
               "le lr, 2b\n"
               "3:\n"
               "ldr r7, [r11, #20]\n"
               "cbz r7, 4f\n"
               "vctp.32 r7\n"
               "vadd.i32 q4, q7, r1\n"
               "vpstttt\n"
               "vldrwt.u32 q0, [q4]\n"
               "vldrwt.u32 q1, [q4, #4]\n"
               "vldrwt.u32 q2, [q4, #8]\n"
               "vldrwt.u32 q3, [q4, #12]\n"
               "add r1, r1, r7, lsl #4\n"
               "lsls r7, r7, #2\n"
               "vctp.8 r7\n"
               "vpst\n"
               "vldrbt.u8 q4, [r3]\n"  //
               TENON_HELIUM_COLUMN     //
               "4:\n"
               "vmov q0[2], q0[0], r0, r4\n"
               "vmov q0[3], q0[1], r2, r6\n"
               "ldmia r11, {r3, r4, r5, r6}\n"
               "vldrb.s32 q3, [r4], #4\n"
               "vldrw.32 q2, [r3], #16\n"
               "vmvn q3, q3\n"
               "vmulh.s32 q0, q0, q2\n"
               "ldr r0, [r11, #32]\n"
               "vrshl.s32 q0, q0, q3\n"
               "vadd.i32 q0, q0, r6\n"
               "vmax.s32 q0, q0, q5\n"
               "vmin.s32 q0, q0, q6\n"
               "vstrb.32 q0, [r5], #4\n"
               ".if %c[one]\n"
               "str r5, [r11, #8]\n"
               ".else\n"
               "stmia r11, {r3, r4, r5}\n"
               ".endif\n"
               "cmp r5, r0\n"
               "bne 1b\n"
               "pop {r7, r11}\n"
               : "+r"(at)
               : [one] "i"(OneScale), [three] "i"(ThreeBytes)
               : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r12", "lr", "q0", "q1", "q2", "q3", "q4", "q5",
                 "q6", "q7", "cc", "memory");
}

#undef TENON_HELIUM_COLUMN

}  // namespace tenon::kernels::detail

#endif
