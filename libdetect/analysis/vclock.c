/* SPDX-License-Identifier: MIT */
#include "analysis/vclock.h"
