/* What was refused, and when it is tried again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/registry/registry_internal.h"
#include "base/log.h"

#define REFUSED_AGAIN_S 3600
#define SOON_S 5
#define MOST_SOON_S 600
#define RETRY_BYTES (PROGRAM_NAME_BYTES + 1)

int64_t registry_boot_s(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		abort();
	return now.tv_sec;
}

const json_t *registry_wish(const struct registry *registry, const char *name)
{
	const json_t *wish;
	size_t i;

	json_array_foreach(registry->wishes, i, wish)
	{
		if (strcmp(json_get_text(wish, "name", ""), name) == 0)
			return wish;
	}
	return NULL;
}

static const char *retry_key(enum registry_direction direction, const char *name,
			     char key[RETRY_BYTES])
{
	/* No name begins with them. */
	static const char *const prefixes[] = {
		[REGISTRY_COMES] = "",
		[REGISTRY_GOES] = "-",
		[REGISTRY_FETCHED] = "+",
	};

	text_format(key, RETRY_BYTES, "%s%s", prefixes[direction], name);
	return key;
}

const json_t *registry_retry(const struct registry *registry, enum registry_direction direction,
			     const char *name)
{
	char key[RETRY_BYTES];

	return json_object_get(registry->retries, retry_key(direction, name, key));
}

void registry_forget_retry(struct registry *registry, enum registry_direction direction,
			   const char *name)
{
	char key[RETRY_BYTES];

	(void)json_object_del(registry->retries, retry_key(direction, name, key));
}

bool registry_is_to_wait(const struct registry *registry, enum registry_direction direction,
			 const char *name)
{
	const json_t *retry = registry_retry(registry, direction, name);

	return retry && json_get_int(retry, "at_s", 0) > registry_boot_s();
}

bool registry_is_passing(int code)
{
	return code == -EPIPE || code == -EBUSY || code == -EAGAIN || code == -EIO ||
	       code == -ETIMEDOUT || code == -ECANCELED || code == -EMFILE || code == -ENFILE ||
	       code == -ENOMEM;
}

/* Until when: what root may approve any time is asked at the next poll, by the same nonce. */
static int64_t wait_of(int code, int64_t n_before, bool is_asked)
{
	int64_t soon_s = SOON_S << (n_before < 7 ? n_before : 7);

	if (is_asked)
		return 1;
	if (code != -EACCES && !registry_is_passing(code))
		return REFUSED_AGAIN_S;
	return soon_s < MOST_SOON_S ? soon_s : MOST_SOON_S;
}

/* It is told once as long as it is the same. */
static json_t *make_retry(const char *name, const json_t *before, const struct error *why,
			  const json_t *approval)
{
	int64_t n = json_get_int(before, "n", 0);

	if (strcmp(json_get_text(before, "why", ""), why->text) != 0)
		log_warn("the program '%s': %s", name, why->text);
	return json_pack("{s:I, s:I, s:b, s:o}", "at_s",
			 (json_int_t)(registry_boot_s() + wait_of(why->code, n, approval)), "n",
			 (json_int_t)(n + 1), "is_older", why->code == -ESTALE, "why",
			 json_text(why->text, strlen(why->text)));
}

static void add_text(json_t *retry, const char *member, const json_t *of)
{
	json_put(retry, member, json_string(json_get_text(of, member, "")));
}

void registry_put_off(struct registry *registry, enum registry_direction direction,
		      const struct error *why, const json_t *approval)
{
	const json_t *before = registry_retry(registry, direction, registry->subject);
	json_t *retry = make_retry(registry->subject, before, why, approval);
	char key[RETRY_BYTES];

	if (direction == REGISTRY_COMES)
		add_text(retry, "key", registry->applying);
	/* Who was only busy did not use it. */
	if (!approval && registry_is_passing(why->code) && registry_nonce(registry, registry->tool))
		approval = before;
	if (approval) {
		add_text(retry, "nonce", approval);
		add_text(retry, "args_sha256", approval);
		json_put(retry, "tool", json_string(registry->tool));
		json_put(retry, "rest_s", json_integer(registry->rest_s));
	}
	json_put(registry->retries, retry_key(direction, registry->subject, key), retry);
}

const char *registry_nonce(const struct registry *registry, const char *tool)
{
	static const enum registry_direction directions[] = { REGISTRY_COMES, REGISTRY_GOES };

	for (size_t i = 0; i < ARRAY_LEN(directions); i++) {
		const json_t *retry = registry_retry(registry, directions[i], registry->subject);

		if (strcmp(json_get_text(retry, "tool", ""), tool) == 0)
			return json_get_text(retry, "nonce", NULL);
	}
	return NULL;
}

void registry_put_off_archive(struct registry *registry, const json_t *wish,
			      const struct error *why)
{
	const char *name = json_get_text(wish, "name", "");
	json_t *retry =
		make_retry(name, registry_retry(registry, REGISTRY_FETCHED, name), why, NULL);
	char key[RETRY_BYTES];

	add_text(retry, "key", wish);
	json_put(registry->retries, retry_key(REGISTRY_FETCHED, name, key), retry);
}

void registry_forget_changed(struct registry *registry)
{
	const char *key, *name;
	json_t *retry;
	void *next;

	json_object_foreach_safe(registry->retries, next, key, retry)
	{
		bool goes = *key == '-';

		name = key + (goes || *key == '+');
		if (goes ? !json_object_get(registry->records, name)
			 : strcmp(json_get_text(retry, "key", ""),
				  json_get_text(registry_wish(registry, name), "key", "-")) != 0)
			(void)json_object_del(registry->retries, key);
	}
}
