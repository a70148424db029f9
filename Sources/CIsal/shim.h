#pragma once

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

// The state holds arrays of more elements than Swift takes tuples of: here it is only pointed to.

static inline void *sealift_inflate_new(void) {
    return malloc(sizeof(struct inflate_state));
}

static inline void sealift_inflate_free(void *state) {
    free(state);
}

static inline void sealift_inflate_start(void *state, int is_gzip) {
    struct inflate_state *inflate = state;
    isal_inflate_init(inflate);
    inflate->crc_flag = is_gzip ? ISAL_GZIP : ISAL_DEFLATE;
}

// Decodes what it can; tells what it took and gave, and whether the stream has ended. A stream without a trailer gives
// back what was read beyond its end, which may be bytes of the call before: *taken can be negative.
static inline int sealift_inflate_step(
    void *state, const uint8_t *input, uint32_t input_count, uint8_t *output, uint32_t output_count, long *taken,
    long *given, int *has_ended) {
    struct inflate_state *inflate = state;
    inflate->next_in = (uint8_t *)input;
    inflate->avail_in = input_count;
    inflate->next_out = output;
    inflate->avail_out = output_count;
    int code = isal_inflate(inflate);
    *taken = (long)input_count - (long)inflate->avail_in;
    *given = (long)output_count - (long)inflate->avail_out;
    *has_ended = inflate->block_state == ISAL_BLOCK_FINISH;
    if (*has_ended && inflate->crc_flag == ISAL_DEFLATE) *taken -= inflate->read_in_length / 8;
    return code;
}
