#include "tools/network/resolv_conf.h"

#include <string.h>

#include "base/scan.h"

#define MAX_SEARCH 32

static bool word_is(struct str word, const char *name, int64_t *value_out)
{
	char text[64];
	const char *at = text;

	str_copy(word, text, sizeof(text));
	return scan_text(&at, name) && scan_text(&at, ":") && scan_i64(&at, value_out);
}

static void read_options(const char *at, struct resolv_conf *conf)
{
	struct str word;

	while (scan_word(&at, &word)) {
		if (word_is(word, "ndots", &conf->ndots) ||
		    word_is(word, "timeout", &conf->timeout_s) ||
		    word_is(word, "attempts", &conf->attempts))
			continue;
		conf->rotates |= str_is(word, "rotate");
		conf->uses_tcp |= str_is(word, "use-vc");
	}
}

static void read_server(const char *at, struct resolv_conf *conf)
{
	struct str word;

	if (conf->n_servers == RESOLV_CONF_MAX_SERVERS || !scan_word(&at, &word)) {
		conf->n_ignored_lines++;
		return;
	}
	str_copy(word, conf->servers[conf->n_servers++], RESOLV_CONF_ADDRESS_BYTES);
}

/* The last "search" or "domain" line counts. */
static void read_search(const char *at, struct resolv_conf *conf)
{
	struct str word;

	(void)json_array_clear(conf->search);
	while (json_array_size(conf->search) < MAX_SEARCH && scan_word(&at, &word))
		json_push(conf->search, json_str(word));
}

static void read_line(struct str line, struct resolv_conf *conf)
{
	char text[2048];
	const char *at = text;
	struct str word;

	str_copy(line, text, sizeof(text));
	if (*at == '#' || *at == ';' || !scan_word(&at, &word))
		return;
	if (str_is(word, "nameserver"))
		read_server(at, conf);
	else if (str_is(word, "search") || str_is(word, "domain"))
		read_search(at, conf);
	else if (str_is(word, "options"))
		read_options(at, conf);
	else if (!str_is(word, "sortlist"))
		conf->n_ignored_lines++;
}

void resolv_conf_parse(const char *text, struct resolv_conf *conf_out)
{
	struct str line;

	*conf_out = (struct resolv_conf) {
		.search = json_array(),
		.ndots = 1,
		.timeout_s = 5,
		.attempts = 2,
	};
	while (scan_line(&text, &line))
		read_line(line, conf_out);
}

json_t *resolv_conf_json(const struct resolv_conf *conf)
{
	json_t *servers = json_array();

	for (size_t i = 0; i < conf->n_servers; i++)
		json_push(servers, json_text(conf->servers[i], strlen(conf->servers[i])));
	return json_pack("{s:o, s:I, s:O, s:I, s:I, s:I, s:b, s:I}", "nameservers", servers,
			 "n_ignored_nameservers",
			 (json_int_t)(conf->n_servers > RESOLV_CONF_USED_SERVERS
					      ? conf->n_servers - RESOLV_CONF_USED_SERVERS
					      : 0),
			 "search", conf->search, "ndots", conf->ndots, "timeout_s", conf->timeout_s,
			 "attempts", conf->attempts, "rotate", conf->rotates, "n_ignored_lines",
			 (json_int_t)conf->n_ignored_lines);
}
