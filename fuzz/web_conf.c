/* Configuration of web servers: what is kept is bounded, and faults have a line. */
#include "harness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "tools/web/apache_conf.h"
#include "tools/web/nginx_conf.h"
#include "tools/web/upstream.h"

static void check_errors(const json_t *errors)
{
	const json_t *error;
	size_t i;

	json_array_foreach(errors, i, error)
		assert(json_get_int(error, "line", 0) >= 1 && json_get_text(error, "text", NULL));
}

static void check_nginx(const struct nginx_conf *conf)
{
	assert(conf->n <= NGINX_CONF_MAX_DIRECTIVES);
	for (size_t i = 0; i < conf->n; i++) {
		const struct nginx_directive *directive = &conf->directives[i];

		assert(directive->n_words >= 1 && !directive->words[directive->n_words]);
		assert(directive->parent >= -1 && directive->parent < (int)i);
		if (directive->n_words > 1)
			(void)upstream_parse(directive->words[1], 80);
	}
	check_errors(conf->errors);
}

static void check_apache(const struct apache_conf *conf)
{
	assert(conf->n <= APACHE_CONF_MAX_DIRECTIVES);
	for (size_t i = 0; i < conf->n; i++) {
		char path[512];

		apache_conf_path(conf, conf->directives[i].value, path, sizeof(path));
		(void)upstream_parse(conf->directives[i].value, 0);
	}
	check_errors(conf->errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {
		"etc/web.conf", "etc/conf.d/a.conf", "etc/conf.d/b.conf", "etc/apache2/envvars",
		NULL,
	};
	struct host *host = machine_fill(paths, data, size);
	struct apache_conf apache = { 0 };
	struct nginx_conf nginx = { 0 }, text = { 0 };

	nginx_conf_load(&nginx, host, "/etc/web.conf");
	check_nginx(&nginx);
	nginx_conf_cleanup(&nginx);
	nginx_conf_parse(&text, "text", (const char *)data, size);
	check_nginx(&text);
	nginx_conf_cleanup(&text);
	apache_conf_load(&apache, host, "/etc/web.conf");
	check_apache(&apache);
	apache_conf_cleanup(&apache);
	return 0;
}
