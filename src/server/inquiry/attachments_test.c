#include "server/inquiry/attachments.h"

#include <string.h>

#include "base/test.h"

static json_t *offer(struct attachments *attachments, const char *org)
{
	CLEANUP(json)
	json_t *list = json_pack("[{s:s, s:s, s:s, s:i}]", "filename", "a", "download_url",
				 "https://example.org/", "auth_header", "Bearer x", "size", 7);

	return attachments_add(attachments, org, list);
}

static const char *token_of(const json_t *told)
{
	return json_get_text(json_array_get(told, 0), "token", "");
}

TEST(an_attachment_is_one_reader_s_at_a_time_and_of_its_org)
{
	struct attachments *attachments = attachments_new(&(struct attachments_config) { 0 });
	CLEANUP(json) json_t *told = offer(attachments, "acme");
	struct attachment *attachment;

	CHECK_INT(strlen(token_of(told)), 32);
	CHECK_TEXT(json_get_text(json_array_get(told, 0), "filename", ""), "a");
	CHECK(!strstr(json_get_text(json_array_get(told, 0), "proxy_url", ""), "example"));
	CHECK(!attachments_take(attachments, "other", token_of(told)));
	CHECK(!attachments_take(attachments, "acme", "0123"));
	attachment = attachments_take(attachments, "acme", token_of(told));
	CHECK(attachment && attachment->size == 7);
	CHECK_TEXT(attachment->url, "https://example.org/");
	CHECK_TEXT(attachment->authorization, "Bearer x");
	CHECK(!attachments_take(attachments, "acme", token_of(told)));
	attachments_put_back(attachments, token_of(told));
	CHECK(attachments_take(attachments, "acme", token_of(told)));
	attachments_drop(attachments, token_of(told));
	attachments_put_back(attachments, token_of(told));
	CHECK(!attachments_take(attachments, "acme", token_of(told)));
	attachments_free(attachments);
}

TEST(a_request_without_attachments_is_told_nothing)
{
	struct attachments *attachments = attachments_new(&(struct attachments_config) { 0 });
	CLEANUP(json) json_t *none = json_array();

	CHECK(!attachments_add(attachments, "acme", none));
	CHECK(!attachments_add(attachments, "acme", NULL));
	attachments_free(attachments);
}

TEST(the_oldest_is_forgotten_when_there_are_too_many)
{
	struct attachments *attachments = attachments_new(&(struct attachments_config) { 0 });
	CLEANUP(json) json_t *first = offer(attachments, "acme");
	CLEANUP(json) json_t *second = offer(attachments, "acme");

	for (unsigned i = 0; i < ATTACHMENTS_MAX - 1; i++)
		json_decref(offer(attachments, "acme"));
	CHECK(!attachments_take(attachments, "acme", token_of(first)));
	CHECK(attachments_take(attachments, "acme", token_of(second)));
	attachments_free(attachments);
}
