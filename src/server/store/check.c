#include "server/store/check_internal.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* More than what frames a step or a value on the wire. */
#define FRAMING_BYTES 32

/* The size of the UTF-8 sequence at 'at', 0 where there is none (or NUL). */
static size_t sequence_len(const unsigned char *at, size_t len)
{
	static const struct {
		unsigned char first, last, second_first, second_last;
		size_t len;
	} forms[] = {
		{ 0x01, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i = 0;

	while (i < ARRAY_LEN(forms) && (at[0] < forms[i].first || at[0] > forms[i].last))
		i++;
	if (i == ARRAY_LEN(forms) || forms[i].len > len)
		return 0;
	if (forms[i].len > 1 && (at[1] < forms[i].second_first || at[1] > forms[i].second_last))
		return 0;
	for (size_t n = 2; n < forms[i].len; n++)
		if ((at[n] & 0xc0) != 0x80)
			return 0;
	return forms[i].len;
}

/* Texts of results are megabytes of ASCII: eight bytes at a time while none is 0 or above 0x7f. */
static bool is_text(struct str text)
{
	const unsigned char *at = (const unsigned char *)text.data, *end = at + text.len;

	while (at < end) {
		uint64_t word;
		size_t len;

		if (end - at >= 8) {
			memcpy(&word, at, sizeof(word));
			if (!(((word - 0x0101010101010101) | word) & 0x8080808080808080)) {
				at += 8;
				continue;
			}
		}
		len = sequence_len(at, (size_t)(end - at));
		if (!len)
			return false;
		at += len;
	}
	return true;
}

/* Transactions, settings and the schema are the store's own business. */
static bool is_statement(const char *sql)
{
	static const char *const words[] = { "SELECT", "INSERT", "UPDATE", "DELETE", "WITH" };

	sql += strspn(sql, " \t\n");
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strncasecmp(sql, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

static bool uses_first_param(const char *sql)
{
	for (const char *at = strstr(sql, "$1"); at; at = strstr(at + 1, "$1"))
		if (at[2] < '0' || at[2] > '9')
			return true;
	return false;
}

static bool names_org(const struct store_batch *batch, const struct store_step *step)
{
	return step->n_params > 0 && step->params[0].kind == STORE_TEXT &&
	       str_is(step->params[0].text, batch->org) && uses_first_param(step->sql);
}

static int check_params(const struct store_step *step, size_t *n_bytes, struct error *err)
{
	for (unsigned i = 0; i < step->n_params; i++) {
		const struct store_value *value = &step->params[i];

		*n_bytes += FRAMING_BYTES;
		if (value->kind != STORE_TEXT)
			continue;
		if (value->text.len > STORE_MAX_TEXT_BYTES)
			return error_set(err, -E2BIG, "$%u has %zu bytes", i + 1, value->text.len);
		if (!is_text(value->text))
			return error_set(err, -EINVAL, "$%u is not UTF-8 text", i + 1);
		*n_bytes += value->text.len;
	}
	return 0;
}

static int check_step(const struct store_batch *batch, const struct store_step *step,
		      size_t *n_bytes, struct error *err)
{
	size_t len = strlen(step->sql);

	if (len > STORE_MAX_SQL_BYTES || step->n_params > STORE_MAX_PARAMS)
		return error_set(err, -E2BIG, "a statement of %zu bytes with %u parameters", len,
				 step->n_params);
	if (!is_statement(step->sql))
		return error_set(err, -EINVAL, "no SELECT, INSERT, UPDATE, DELETE or WITH: %.60s",
				 step->sql);
	if (strcmp(batch->org, STORE_EVERY_ORG) != 0 && !names_org(batch, step))
		return error_set(err, -EINVAL, "$1 is not the batch's org: %.60s", step->sql);
	*n_bytes += len + FRAMING_BYTES;
	return check_params(step, n_bytes, err);
}

int batch_check(const struct store_batch *batch, size_t *n_bytes_out, struct error *err)
{
	size_t n_bytes = FRAMING_BYTES + strlen(batch->org);

	if (!batch->org[0] || !is_text((struct str) { batch->org, strlen(batch->org) }))
		return error_set(err, -EINVAL, "a batch without an org");
	if (batch->n_steps == 0 || batch->n_steps > STORE_MAX_STEPS)
		return error_set(err, -E2BIG, "a batch of %u steps", batch->n_steps);
	for (unsigned i = 0; i < batch->n_steps; i++) {
		int r = check_step(batch, &batch->steps[i], &n_bytes, err);

		if (r < 0)
			return error_wrap(err, "step %u", i + 1);
	}
	if (batch->notice && strlen(batch->notice) > STORE_MAX_NOTICE_BYTES)
		return error_set(err, -E2BIG, "a notice of %zu bytes", strlen(batch->notice));
	if (batch->notice && !is_text((struct str) { batch->notice, strlen(batch->notice) }))
		return error_set(err, -EINVAL, "a notice that is not UTF-8 text");
	n_bytes += batch->notice ? strlen(batch->notice) + FRAMING_BYTES : 0;
	if (n_bytes > STORE_MAX_BATCH_BYTES)
		return error_set(err, -E2BIG, "a batch of %zu bytes", n_bytes);
	*n_bytes_out = n_bytes;
	return 0;
}
