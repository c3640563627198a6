/*
 * Unit tests, a thin layer over cmocka: TEST(a_promise) { ... CHECK(...); }
 * registers itself; linking base/test.c gives the main(). Output is TAP.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct test {
	const char *name;
	void (*run)(void **state);
	struct test *next;
};

void test_register(struct test *test);

#define TEST(promise)                                                     \
	static void promise(void **state);                                \
	static struct test promise##_test = { #promise, promise, NULL };  \
	__attribute__((constructor)) static void promise##_register(void) \
	{                                                                 \
		test_register(&promise##_test);                           \
	}                                                                 \
	static void promise(void **state __attribute__((unused)))

/* cmocka's failures do not return, but neither compiler nor analyser knows it. */
#define FAIL(...)                      \
	do {                           \
		fail_msg(__VA_ARGS__); \
		abort();               \
	} while (0)

#define CHECK(condition)                                \
	do {                                            \
		if (!(condition))                       \
			FAIL("not so: %s", #condition); \
	} while (0)
#define CHECK_INT(is, expected) assert_int_equal(is, expected)
#define CHECK_TEXT(is, expected) assert_string_equal(is, expected)
#define CHECK_OK(result, err)                   \
	do {                                    \
		if ((result) < 0)               \
			FAIL("%s", (err).text); \
	} while (0)

/*
 * Of very many cases each is tried: the step from one to the next. It is longer where
 * $CASES_APART says so: with other libraries, or on an emulated processor.
 */
size_t test_stride(void);

/* Says why and counts the test as skipped; scripts/skips must list the reason. */
#define SKIP(why)                                   \
	do {                                        \
		print_message("# skip: %s\n", why); \
		skip();                             \
	} while (0)
