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

TEST(a_call_that_comes_again_with_its_nonce_is_the_same_question)
{
	struct approval_call again = change, other = { &ana, "write_file", "{\"a\":2}", 7 };
	struct approvals *approvals = approvals_new();
	char nonce[APPROVAL_NONCE_BYTES];
	struct error err = { 0 };
	json_t *asked;

	ask(approvals, nonce);
	again.nonce = other.nonce = nonce;
	asked = approvals_request(approvals, &again, &err);
	CHECK_TEXT(json_get_text(asked, "nonce", ""), nonce);
	json_decref(asked);
	asked = approvals_request(approvals, &other, &err);
	CHECK(strcmp(json_get_text(asked, "nonce", ""), nonce) != 0);
	json_decref(asked);
	approvals_free(approvals);
}

/* Both ask through the agent, as its user. */
TEST(an_approval_is_of_the_client_who_asked)
{
	static const struct caller ops = { .who = "uid 0", .client = "key ops" };
	static const struct caller thief = { .who = "uid 0", .client = "key thief" };
	struct approval_call asked = { &ops, "write_file", "{}", 2 };
	struct approval_call stolen = { &thief, "write_file", "{}", 2 };
	struct approvals *approvals = approvals_new();
	struct error err = { 0 };
	CLEANUP(json) json_t *request = approvals_request(approvals, &asked, &err);
	const char *nonce = json_get_text(request, "nonce", "");
	char by[64];

	CHECK_TEXT(json_get_text(request, "asked_by", ""), "key ops");
	CHECK_INT(approvals_grant(approvals, &root, nonce, &err), 0);
	CHECK(!approvals_take(approvals, nonce, &stolen, by));
	CHECK(approvals_take(approvals, nonce, &asked, by));
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

TEST(the_same_call_waits_once_for_each_who_asks)
{
	static const struct caller ops = { .who = "uid 4711", .client = "key ops" };
	static const struct caller bob = { .uid = 4712, .who = "uid 4712" };
	const struct approval_call by_ops = { &ops, change.tool, change.args, change.n_args };
	const struct approval_call by_bob = { &bob, change.tool, change.args, change.n_args };
	struct approvals *approvals = approvals_new();
	char nonce[APPROVAL_NONCE_BYTES], again[APPROVAL_NONCE_BYTES];
	struct error err = { 0 };
	CLEANUP(json) json_t *list = NULL;

	ask(approvals, nonce);
	ask(approvals, again);
	CHECK_TEXT(again, nonce);
	json_decref(approvals_request(approvals, &by_ops, &err));
	json_decref(approvals_request(approvals, &by_bob, &err));
	list = approvals_list(approvals);
	CHECK_INT(json_array_size(list), 3);
	CHECK_INT(approvals_grant(approvals, &root, nonce, &err), 0);
	ask(approvals, again);
	CHECK(strcmp(again, nonce) != 0);
	approvals_free(approvals);
}

/* How many of so many different calls are taken. */
static int ask_many(struct approvals *approvals, const char *client, int n)
{
	struct caller caller = { .who = "uid 0" };
	int n_taken = 0;

	text_copy(caller.client, sizeof(caller.client), client);
	for (int i = 0; i < n; i++) {
		struct error err = { 0 };
		char args[16];
		struct approval_call call = { &caller, "write_file", args, 0 };
		json_t *asked;

		text_format(args, sizeof(args), "{\"a\":%d}", i);
		call.n_args = strlen(args);
		asked = approvals_request(approvals, &call, &err);
		n_taken += asked != NULL;
		CHECK_INT(err.code, asked ? 0 : -EBUSY);
		json_decref(asked);
	}
	return n_taken;
}

TEST(one_client_does_not_take_the_others_place)
{
	struct approvals *approvals = approvals_new();
	char nonce[APPROVAL_NONCE_BYTES];

	CHECK_INT(ask_many(approvals, "registry", APPROVAL_MAX_PENDING), APPROVAL_MAX_OF_ONE);
	ask(approvals, nonce);
	CHECK_INT(ask_many(approvals, "registry", APPROVAL_MAX_OF_ONE), APPROVAL_MAX_OF_ONE);
	approvals_free(approvals);
}

TEST(when_too_many_wait_the_next_is_refused)
{
	struct approvals *approvals = approvals_new();
	struct error err = { 0 };
	char client[16];

	for (int i = 0; i < APPROVAL_MAX_PENDING / APPROVAL_MAX_OF_ONE; i++) {
		text_format(client, sizeof(client), "key %d", i);
		CHECK_INT(ask_many(approvals, client, APPROVAL_MAX_OF_ONE), APPROVAL_MAX_OF_ONE);
	}
	CHECK(!approvals_request(approvals, &change, &err));
	CHECK_INT(err.code, -EBUSY);
	approvals_free(approvals);
}
