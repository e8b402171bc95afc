/* A trained network, written by Tenon. Not to be edited by hand. gesture_c.cpp computes it. */
#ifndef GESTURE_H
#define GESTURE_H

#define GESTURE_INPUTS 3
#define GESTURE_OUTPUTS 4
#define GESTURE_RAM_BYTES 144

#ifdef __cplusplus
extern "C" {
#endif

/* The network's outputs for one sample. */
void gesture_run(const float input[3], float output[4]);
/* The class with the largest output. */
int gesture_classify(const float input[3]);
/* 1 if it gives what it gave when it was written, 0 if not. */
int gesture_self_test(void);

#ifdef __cplusplus
}
#endif

#endif
