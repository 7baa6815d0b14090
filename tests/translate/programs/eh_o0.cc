/* SPDX-License-Identifier: MIT */
/* The frames of eh_frames.cc, not optimised. */
/* CFLAGS: -std=c++20 -O0 */
#include "eh_frames.cc"
