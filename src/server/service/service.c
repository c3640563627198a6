#include "server/service/service.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "server/pipeline/alert_text.h"

static json_t *make_whole(const json_t *document)
{
	json_t *whole = json_pack("{s:s, s:s, s:s, s:[], s:[], s:[]}", "criticality", "medium",
				  "owner", "", "runbook", "", "matchers", "hosts", "depends_on");
	json_t *copy = json_deep_copy(document);

	json_object_update(whole, copy);
	json_decref(copy);
	return whole;
}

static int check_name(const char *name, struct error *err)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.");

	if (name[len] || !isalnum((unsigned char)name[0]))
		return error_set(err, -EINVAL,
				 "'%.80s' is no name: small letters, digits, '-', '_' and '.', "
				 "the first no sign",
				 name);
	return 0;
}

static int check_names(const json_t *document, struct error *err)
{
	const char *name = json_get_text(document, "name", "");
	const json_t *one;
	size_t i;

	if (check_name(name, err) < 0)
		return error_wrap(err, "/name");
	json_array_foreach(json_object_get(document, "depends_on"), i, one)
	{
		if (check_name(json_string_value(one), err) < 0)
			return error_wrap(err, "/depends_on/%zu", i);
		if (strcmp(json_string_value(one), name) == 0)
			return error_set(err, -EINVAL, "/depends_on/%zu: is the service itself", i);
	}
	return 0;
}

static int parse_matchers(struct service *service, struct error *err)
{
	const json_t *list = json_object_get(service->document, "matchers"), *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (matcher_parse(json_string_value(one), &service->matchers[i], err) < 0)
			return error_wrap(err, "/matchers/%zu", i);
		service->n_matchers++;
	}
	return 0;
}

int service_parse(const json_t *document, struct service *service_out, struct error *err)
{
	struct service service = { .document = make_whole(document) };
	int r = check_names(service.document, err);

	if (r == 0)
		r = parse_matchers(&service, err);
	if (r < 0) {
		service_finish(&service);
		return r;
	}
	*service_out = service;
	return 0;
}

void service_finish(struct service *service)
{
	for (unsigned i = 0; i < service->n_matchers; i++)
		matcher_finish(&service->matchers[i]);
	service->n_matchers = 0;
	json_decref(TAKE(service->document));
}

const char *service_name(const struct service *service)
{
	return json_get_text(service->document, "name", "");
}

bool service_is_meant(const struct service *service, const json_t *alert)
{
	if (!service->n_matchers)
		return strcmp(alert_label(alert, "service"), service_name(service)) == 0;
	for (unsigned i = 0; i < service->n_matchers; i++) {
		const struct matcher *matcher = &service->matchers[i];

		if (matcher_ask(matcher, alert_label(alert, matcher->name)) != MATCHER_HOLDS)
			return false;
	}
	return true;
}

/* "web1" and "web1.example.com" may be the same; 10.0.0.1 is not 10. */
static bool is_short_of(const char *one, const char *other)
{
	size_t len = strlen(one);

	return isalpha((unsigned char)one[0]) && other[strcspn(other, ".")] &&
	       strcspn(other, ".") == len && strncasecmp(one, other, len) == 0;
}

bool service_is_on(const struct service *service, const char *host)
{
	const json_t *list = json_object_get(service->document, "hosts"), *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *name = json_string_value(one);

		if (strcasecmp(name, host) == 0 || is_short_of(name, host) ||
		    is_short_of(host, name))
			return true;
	}
	return false;
}
