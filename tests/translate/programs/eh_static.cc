/* SPDX-License-Identifier: MIT */
/* The frames of eh_frames.cc, with the unwinder and the C++ library linked statically: translated code of the program's own. */
/* CFLAGS: -std=c++20 -static-libgcc -static-libstdc++ */
#include "eh_frames.cc"
