/* Files of the knowledge base: YAML is bounded, and a cause is whole or refused. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "diagnosis/cause.h"
#include "diagnosis/wish.h"

static void check_lists(const struct yaml *file)
{
	struct inquiry *inquiries = NULL;
	struct wish *wishes = NULL;
	struct error err = { 0 };
	size_t n = 0;

	if (inquiries_parse(file, "/calls", json_object_get(file->root, "calls"), &inquiries, &n,
			    &err) == 0)
		for (size_t i = 0; i < n; i++)
			assert(inquiries[i].tool);
	free(inquiries);
	if (wishes_parse(file, &wishes, &n, &err) == 0)
		for (size_t i = 0; i < n; i++)
			assert(wishes[i].inquiry.tool && json_array_size(wishes[i].when));
	free(wishes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct cause cause = { 0 };
	struct error err = { 0 };
	struct yaml file = { 0 };

	if (yaml_parse(&file, "fuzz.yaml", text, &err) < 0) {
		assert(err.code < 0 && err.text[0]);
		yaml_finish(&file);
		return 0;
	}
	assert(file.root && yaml_line(&file, "") >= 1);
	check_lists(&file);
	if (cause_parse(&cause, &file, &err) == 0)
		assert(cause.id && cause.statement && cause.n_findings > 0);
	else
		assert(err.code < 0 && err.text[0]);
	cause_finish(&cause);
	yaml_finish(&file);
	return 0;
}
