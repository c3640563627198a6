/* The header with PagerDuty's signatures. */
#include "harness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "server/alert/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	const char *at = text;
	struct str one;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	while (signature_next(&at, &one)) {
		assert(one.len > 0 && one.data > text && one.data + one.len <= text + size);
		assert(!signature_holds(one, (struct str) { "a secret", 8 }, NULL,
					(struct str) { "never signed", 12 }));
	}
	free(text);
	return 0;
}
