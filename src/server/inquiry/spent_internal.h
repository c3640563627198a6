/* What the models of an investigation took. */
#pragma once

#include <stdint.h>

struct spent {
	int64_t tokens_in, tokens_out, cost_micros;
};
