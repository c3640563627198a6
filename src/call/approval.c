#include "call/approval.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/encoding.h"
#include "call/hash.h"

struct request {
	char nonce[APPROVAL_NONCE_BYTES]; /* "" where the slot is free */
	char tool[64];
	char args_sha256[HASH_TEXT_BYTES];
	char asked_by[CALLER_CLIENT_BYTES];
	char client[CALLER_CLIENT_BYTES]; /* for whom: nobody else may use it */
	char granted_by[64];              /* "" while it waits */
	char *args; /* what the approver looks at; NULL where it is too long */
	size_t n_args;
	uint64_t expires_ns;
};

struct approvals {
	struct request requests[APPROVAL_MAX_PENDING];
};

/* Boot time, so that neither a changed clock nor a suspended host prolongs a yes. */
static uint64_t boot_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail */
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

struct approvals *approvals_new(void)
{
	struct approvals *approvals = calloc(1, sizeof(*approvals));

	if (!approvals)
		abort();
	return approvals;
}

void approvals_free(struct approvals *approvals)
{
	for (size_t i = 0; approvals && i < APPROVAL_MAX_PENDING; i++)
		free(approvals->requests[i].args);
	free(approvals);
}

static bool is_free(const struct request *request)
{
	return !request->nonce[0] || request->expires_ns <= boot_now_ns();
}

static struct request *find(struct approvals *approvals, const char *nonce)
{
	for (size_t i = 0; i < APPROVAL_MAX_PENDING; i++) {
		struct request *request = &approvals->requests[i];

		if (!is_free(request) && strcmp(request->nonce, nonce) == 0)
			return request;
	}
	return NULL;
}

static struct request *find_free(struct approvals *approvals)
{
	for (size_t i = 0; i < APPROVAL_MAX_PENDING; i++)
		if (is_free(&approvals->requests[i]))
			return &approvals->requests[i];
	return NULL;
}

static json_t *describe(const struct request *request)
{
	uint64_t now = boot_now_ns();
	uint64_t left = request->expires_ns > now ? request->expires_ns - now : 0;

	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:b}", "nonce", request->nonce, "tool",
			 request->tool, "args_sha256", request->args_sha256, "asked_by",
			 request->asked_by, "expires_in_s", (json_int_t)(left / NS_PER_SEC),
			 "granted", request->granted_by[0] != '\0');
}

static void keep_args(struct request *request, const struct approval_call *call)
{
	if (call->n_args > APPROVAL_SHOWN_BYTES)
		return;
	request->args = strndup(call->args, call->n_args);
	if (!request->args)
		abort();
	request->n_args = strlen(request->args);
}

static bool is_of(const struct request *request, const struct approval_call *call,
		  const char *sha256)
{
	return strcmp(request->tool, call->tool) == 0 &&
	       strcmp(request->client, call->caller->client) == 0 &&
	       strcmp(request->args_sha256, sha256) == 0;
}

/* Users without a client are told apart, too. */
static bool is_by(const struct request *request, const struct caller *caller)
{
	return !is_free(request) && strcmp(request->client, caller->client) == 0 &&
	       strcmp(request->asked_by, caller_name(caller)) == 0;
}

/* The one that its nonce means, or else the same question asked before; or NULL. */
static struct request *find_waiting(struct approvals *approvals, const struct approval_call *call,
				    const char *sha256)
{
	struct request *request = call->nonce ? find(approvals, call->nonce) : NULL;

	if (request && !request->granted_by[0] && is_of(request, call, sha256))
		return request;
	for (size_t i = 0; i < APPROVAL_MAX_PENDING; i++) {
		request = &approvals->requests[i];
		if (is_by(request, call->caller) && !request->granted_by[0] &&
		    is_of(request, call, sha256)) {
			request->expires_ns = boot_now_ns() + APPROVAL_LIFETIME_NS;
			return request;
		}
	}
	return NULL;
}

static struct request *find_room(struct approvals *approvals, const struct caller *caller,
				 struct error *err)
{
	struct request *request = find_free(approvals);
	unsigned n = 0;

	for (size_t i = 0; i < APPROVAL_MAX_PENDING; i++)
		n += is_by(&approvals->requests[i], caller);
	if (n >= APPROVAL_MAX_OF_ONE) {
		error_set(err, -EBUSY, "%u calls of %s wait for an approval already", n,
			  caller_name(caller));
		return NULL;
	}
	if (!request)
		error_set(err, -EBUSY, "%d calls wait for an approval already",
			  APPROVAL_MAX_PENDING);
	return request;
}

json_t *approvals_request(struct approvals *approvals, const struct approval_call *call,
			  struct error *err)
{
	unsigned char random[(APPROVAL_NONCE_BYTES - 1) / 2];
	char sha256[HASH_TEXT_BYTES];
	struct request *request =
		find_waiting(approvals, call, hash_text(call->args, call->n_args, sha256));

	if (request)
		return describe(request);
	request = find_room(approvals, call->caller, err);
	if (!request)
		return NULL;
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		abort();
	free(request->args);
	*request = (struct request) { .expires_ns = boot_now_ns() + APPROVAL_LIFETIME_NS };
	(void)hex_encode(random, sizeof(random), request->nonce);
	text_copy(request->args_sha256, sizeof(request->args_sha256), sha256);
	(void)snprintf(request->tool, sizeof(request->tool), "%s", call->tool);
	text_format(request->asked_by, sizeof(request->asked_by), "%s", caller_name(call->caller));
	text_format(request->client, sizeof(request->client), "%s", call->caller->client);
	keep_args(request, call);
	return describe(request);
}

int approvals_grant(struct approvals *approvals, const struct caller *approver, const char *nonce,
		    struct error *err)
{
	struct request *request = find(approvals, nonce);

	if (approver->uid != 0 && approver->uid != geteuid())
		return error_set(err, -EACCES, "only root may approve on this host");
	if (!request)
		return error_set(err, -ENOENT,
				 "no call waits under that nonce; it may have expired");
	(void)snprintf(request->granted_by, sizeof(request->granted_by), "%s", approver->who);
	return 0;
}

bool approvals_take(struct approvals *approvals, const char *nonce,
		    const struct approval_call *call, char by_out[64])
{
	struct request *request = find(approvals, nonce);
	char sha256[HASH_TEXT_BYTES];

	if (!request || !request->granted_by[0] ||
	    !is_of(request, call, hash_text(call->args, call->n_args, sha256)))
		return false;
	memcpy(by_out, request->granted_by, sizeof(request->granted_by));
	request->nonce[0] = '\0';
	return true;
}

json_t *approvals_list(const struct approvals *approvals)
{
	json_t *list = json_array();

	for (size_t i = 0; i < APPROVAL_MAX_PENDING; i++) {
		const struct request *request = &approvals->requests[i];
		json_t *shown;

		if (is_free(request))
			continue;
		shown = describe(request);
		if (request->args)
			json_put(shown, "args", json_text(request->args, request->n_args));
		json_push(list, shown);
	}
	return list;
}
