/*
 * What every harness defines: one run over bytes that libFuzzer chose. Returns
 * 0; a finding is a crash, a sanitizer's report, a leak or a failed assert().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
