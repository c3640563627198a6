#include "kernel/program/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "base/scan.h"

static const struct {
	const char *prefix;
	uint16_t port;
} kinds[PROBE_N_KINDS] = {
	[PROBE_TCP] = { "tcp:", 0 },         [PROBE_HTTP] = { "http://", 80 },
	[PROBE_HTTPS] = { "https://", 443 }, [PROBE_DNS] = { "dns:", 0 },
	[PROBE_ICMP] = { "icmp:", 0 },
};

static bool is_address(int family, const char *text)
{
	uint8_t bytes[16];

	return inet_pton(family, text, bytes) == 1;
}

static bool is_name(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return len && !text[len] && text[0] != '-' && text[0] != '.' && !strstr(text, "..");
}

/* What begins with a digit and is no address, a resolver may take for one all the same. */
static bool is_host(const char *text)
{
	size_t len = strlen(text);
	const char *last = strrchr(text, '.');

	last = last ? last + 1 : text;
	if (is_address(AF_INET, text))
		return true;
	return is_name(text) && len && text[len - 1] != '.' && !(*last >= '0' && *last <= '9');
}

/* "host" or "[2001:db8::1]" off the front. */
static bool take_host(const char **at, char out[PROBE_HOST_BYTES])
{
	bool is_v6 = **at == '[';
	const char *begin = *at + is_v6;
	size_t len = strcspn(begin, is_v6 ? "]" : ":/@?#");

	if (!len || len >= PROBE_HOST_BYTES || (is_v6 && begin[len] != ']'))
		return false;
	str_copy((struct str) { begin, len }, out, PROBE_HOST_BYTES);
	*at = begin + len + is_v6;
	return is_v6 ? is_address(AF_INET6, out) : is_host(out);
}

static bool take_port(const char **at, uint16_t *port)
{
	uint64_t number;

	if (**at != ':')
		return *port != 0;
	++*at;
	/* "080" is another spelling of 80. */
	if (**at == '0' || !scan_u64(at, &number) || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	return true;
}

static bool take_path(const char *at)
{
	if (*at && *at != '/')
		return false;
	for (; *at; at++)
		if (*at <= ' ' || *at > '~' || *at == '#' || *at == '\\')
			return false;
	return true;
}

static bool take_dns(const char *at, struct probe *probe)
{
	size_t len = strcspn(at, "@");

	if (!len || len >= PROBE_HOST_BYTES)
		return false;
	str_copy((struct str) { at, len }, probe->host, PROBE_HOST_BYTES);
	if (!is_name(probe->host) || is_address(AF_INET, probe->host))
		return false;
	at += len;
	if (!*at)
		return true;
	at++;
	return take_host(&at, probe->server) && !*at && probe_has_address(probe);
}

static bool take_rest(const char *at, struct probe *probe)
{
	if (probe->kind == PROBE_DNS)
		return take_dns(at, probe);
	if (!take_host(&at, probe->host))
		return false;
	if (probe->kind == PROBE_ICMP)
		return !*at;
	if (!take_port(&at, &probe->port))
		return false;
	probe->path = (size_t)(at - probe->text);
	return probe->kind == PROBE_TCP ? !*at : take_path(at);
}

bool probe_has_address(const struct probe *probe)
{
	const char *host = probe->kind == PROBE_DNS ? probe->server : probe->host;

	return is_address(AF_INET, host) || is_address(AF_INET6, host);
}

int probe_parse(const char *text, struct probe *probe_out, struct error *err)
{
	*probe_out = (struct probe) { .kind = PROBE_N_KINDS };
	if (strlen(text) >= sizeof(probe_out->text))
		return error_set(err, -EINVAL, "a probe has up to %zu letters",
				 sizeof(probe_out->text) - 1);
	text_copy(probe_out->text, sizeof(probe_out->text), text);
	text = probe_out->text;
	for (enum probe_kind kind = PROBE_TCP; kind < PROBE_N_KINDS; kind++) {
		if (!scan_text(&text, kinds[kind].prefix))
			continue;
		probe_out->kind = kind;
		probe_out->port = kinds[kind].port;
		if (take_rest(text, probe_out))
			return 0;
		break;
	}
	return error_set(err, -EINVAL,
			 "'%.100s' is no probe: tcp:HOST:PORT, http(s)://HOST/PATH, "
			 "dns:NAME@ADDRESS or icmp:HOST, in lower case",
			 probe_out->text);
}
