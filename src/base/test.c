#include "base/test.h"

#include <stdlib.h>

static struct test *tests;

void test_register(struct test *test)
{
	struct test **at = &tests;

	while (*at)
		at = &(*at)->next;
	*at = test;
}

size_t test_stride(void)
{
	const char *text = getenv("CASES_APART");
	size_t stride = text ? strtoul(text, NULL, 10) : 1;

	return stride > 0 ? stride : 1;
}

int main(void)
{
	struct CMUnitTest group[512] = { 0 };
	size_t n = 0;

	for (struct test *test = tests; test; test = test->next) {
		if (n == sizeof(group) / sizeof(group[0]))
			abort();
		group[n++] = (struct CMUnitTest) { .name = test->name, .test_func = test->run };
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return _cmocka_run_group_tests("tests", group, n, NULL, NULL);
}
