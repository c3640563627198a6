#include "server/pipeline/service.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "server/pipeline/alert_text.h"

static json_t *make_whole(const json_t *document)
{
	json_t *whole =
		json_pack("{s:s, s:s, s:s, s:[], s:[], s:[], s:[]}", "criticality", "medium",
			  "owner", "", "runbook", "", "matchers", "hosts", "ports", "depends_on");
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

bool service_is_host(const char *name, const char *host)
{
	return strcasecmp(name, host) == 0 || is_short_of(name, host) || is_short_of(host, name);
}

bool service_is_on(const struct service *service, const char *host)
{
	const json_t *list = json_object_get(service->document, "hosts"), *one;
	size_t i;

	json_array_foreach(list, i,
			   one) if (service_is_host(json_string_value(one), host)) return true;
	return false;
}

/* An alert's matchers say nothing of sockets. */
static bool is_of_ends(const struct service *service)
{
	static const char *const labels[] = { "host", "instance", "process", "port" };
	unsigned n_known = 0;

	for (unsigned i = 0; i < service->n_matchers; i++)
		for (size_t k = 0; k < ARRAY_LEN(labels); k++)
			n_known += strcmp(service->matchers[i].name, labels[k]) == 0;
	return service->n_matchers && n_known == service->n_matchers;
}

static bool matchers_fit(const struct service *service, const struct service_end *end)
{
	char port[16] = "", instance[MATCHER_MAX_BYTES];
	CLEANUP(json) json_t *alert = NULL;

	if (end->port)
		text_format(port, sizeof(port), "%lld", (long long)end->port);
	text_format(instance, sizeof(instance), "%s%s%s", end->host, *port ? ":" : "", port);
	alert = json_pack("{s:{s:s, s:s, s:s, s:s}}", "labels", "host", end->host, "instance",
			  instance, "process", end->process, "port", port);
	return alert && service_is_meant(service, alert);
}

enum service_fit service_fits(const struct service *service, const struct service_end *end)
{
	const json_t *ports = json_object_get(service->document, "ports"), *port;
	size_t i;

	if (is_of_ends(service) && matchers_fit(service, end))
		return SERVICE_FITS;
	if (!service_is_on(service, end->host))
		return SERVICE_FITS_NOT;
	if (!end->port || !json_array_size(ports))
		return SERVICE_FITS_HOST;
	json_array_foreach(ports, i,
			   port) if (json_integer_value(port) == end->port) return SERVICE_FITS;
	return SERVICE_FITS_NOT;
}
