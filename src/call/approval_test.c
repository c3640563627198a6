#include "call/approval.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/test.h"

static const struct caller ana = { .uid = 4711, .who = "uid 4711" };
static const struct caller root = { .uid = 0, .who = "uid 0" };
static const struct approval_call change = { &ana, "write_file", "{\"a\":1}", 7 };

static void ask(struct approvals *approvals, char nonce[APPROVAL_NONCE_BYTES])
{
	struct error err = { 0 };
	CLEANUP(json) json_t *asked = approvals_request(approvals, &change, &err);

	CHECK(asked);
	(void)snprintf(nonce, APPROVAL_NONCE_BYTES, "%s", json_get_text(asked, "nonce", ""));
}

TEST(an_approval_is_good_for_exactly_one_run_of_exactly_that_call)
{
	struct approval_call other = { &ana, "write_file", "{\"a\":2}", 7 };
	struct approvals *approvals = approvals_new();
	char nonce[APPROVAL_NONCE_BYTES], by[64];
	struct error err = { 0 };

	ask(approvals, nonce);
	CHECK(!approvals_take(approvals, nonce, &change, by));
	CHECK_INT(approvals_grant(approvals, &root, nonce, &err), 0);
	CHECK(!approvals_take(approvals, nonce, &other, by));
	CHECK(approvals_take(approvals, nonce, &change, by));
	CHECK_TEXT(by, "uid 0");
	CHECK(!approvals_take(approvals, nonce, &change, by));
	approvals_free(approvals);
}

TEST(the_approver_sees_the_exact_bytes)
{
	CLEANUP(text) char *many = calloc(1, APPROVAL_SHOWN_BYTES + 2);
	struct approval_call long_call = { &ana, "write_file", many, APPROVAL_SHOWN_BYTES + 1 };
	struct approvals *approvals = approvals_new();
	CLEANUP(json) json_t *asked = NULL;
	CLEANUP(json) json_t *list = NULL;
	char nonce[APPROVAL_NONCE_BYTES];
	struct error err = { 0 };

	CHECK(many);
	memset(many, 'x', APPROVAL_SHOWN_BYTES + 1);
	ask(approvals, nonce);
	asked = approvals_request(approvals, &long_call, &err);
	list = approvals_list(approvals);
	CHECK_TEXT(json_get_text(json_array_get(list, 0), "args", ""), change.args);
	CHECK(!json_object_get(json_array_get(list, 1), "args"));
	approvals_free(approvals);
}

TEST(who_is_not_root_cannot_approve)
{
	struct approvals *approvals = approvals_new();
	char nonce[APPROVAL_NONCE_BYTES];
	struct error err = { 0 };

	ask(approvals, nonce);
	CHECK_INT(approvals_grant(approvals, &ana, nonce, &err), -EACCES);
	approvals_free(approvals);
}

TEST(when_too_many_wait_the_next_is_refused)
{
	struct approvals *approvals = approvals_new();
	char nonce[APPROVAL_NONCE_BYTES];
	struct error err = { 0 };

	for (int i = 0; i < APPROVAL_MAX_PENDING; i++)
		ask(approvals, nonce);
	CHECK(!approvals_request(approvals, &change, &err));
	CHECK_INT(err.code, -EBUSY);
	approvals_free(approvals);
}
