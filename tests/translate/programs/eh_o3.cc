/* SPDX-License-Identifier: MIT */
/* The frames of eh_frames.cc, optimised, without position-independent code: personalities are named directly. */
/* CFLAGS: -std=c++20 -O3 -fno-pie -no-pie */
#include "eh_frames.cc"
