/* Bytes of the kernel's maps and ring as JSON for people. */
#pragma once

#include "kernel/trace/program_internal.h"

/* {NAME: value} of the key's fields, from program_key_bytes() bytes. A new reference. */
json_t *show_key(const struct trace_request *request, const uint8_t *key);

/* A single value of eight bytes. */
json_t *show_number(const struct trace_request *request, enum trace_format format, int64_t value);

/* [{"below", "count"}] from the first slot that counts to the last; a latency's "below" is in
 * microseconds. */
json_t *show_slots(const struct trace_request *request, const uint64_t slots[PROGRAM_SLOTS]);
