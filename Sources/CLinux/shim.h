#pragma once

#include <sys/prctl.h>

// prctl takes any number of arguments, which Swift can't call. 0: done.
static inline int sealift_hide_memory(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
