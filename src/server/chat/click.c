#include "server/chat/click.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "net/http.h"

#define PAYLOAD_MAX_BYTES (512 * KIB)
#define MAX_DEPTH 32
#define BLOCK_PREFIX "constable."
#define MAX_CHOICE 99

static bool has_only(const char *text, const char *chars)
{
	return !text[strspn(text, chars)];
}

/* "" for what is none. */
static void copy_id(const char *text, const char *chars, char id[CLICK_ID_BYTES])
{
	bool is_good = strlen(text) < CLICK_ID_BYTES && has_only(text, chars);

	text_format(id, CLICK_ID_BYTES, "%s", is_good ? text : "");
}

static void copy_slack_id(const json_t *object, const char *key, char id[CLICK_ID_BYTES])
{
	copy_id(json_get_text(object, key, ""), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", id);
}

/* "constable.ID.PART" */
static void copy_appeal(const char *block, char id[CLICK_ID_BYTES])
{
	char text[2 * CLICK_ID_BYTES];
	const char *from = block + strlen(BLOCK_PREFIX);

	*id = '\0';
	if (strncmp(block, BLOCK_PREFIX, strlen(BLOCK_PREFIX)) != 0)
		return;
	text_format(text, sizeof(text), "%.*s", (int)strcspn(from, "."), from);
	copy_id(text, "abcdefghijklmnopqrstuvwxyz0123456789_", id);
}

static bool read_choice(const char *action, unsigned *choice_out)
{
	uint64_t number;

	if (strncmp(action, "choice.", 7) != 0)
		return false;
	action += 7;
	if (!scan_u64(&action, &number) || *action || number > MAX_CHOICE)
		return false;
	*choice_out = (unsigned)number;
	return true;
}

/* Without the blanks around it; cut between characters. False: nothing is left. */
static bool read_text(const char *text, char out[CLICK_TEXT_BYTES])
{
	size_t len;

	text += strspn(text, " \t\r\n");
	len = strlen(text);
	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	if (len >= CLICK_TEXT_BYTES)
		for (len = CLICK_TEXT_BYTES - 1; len && ((unsigned char)text[len] & 0xc0) == 0x80;)
			len--;
	text_format(out, CLICK_TEXT_BYTES, "%.*s", (int)len, text);
	return len != 0;
}

static void read_action(const json_t *action, struct click *click)
{
	const char *id = json_get_text(action, "action_id", "");

	copy_appeal(json_get_text(action, "block_id", ""), click->appeal);
	if (!*click->appeal || !*click->user)
		return;
	if (strcmp(id, "refuse") == 0)
		click->kind = CLICK_REFUSE;
	else if (read_choice(id, &click->choice))
		click->kind = CLICK_CHOICE;
	else if (strcmp(id, "text") == 0 &&
		 read_text(json_get_text(action, "value", ""), click->text))
		click->kind = CLICK_TEXT;
}

/* A workspace is the clicker's own: that of the channel may be another, which shares it. */
static void read_payload(const json_t *payload, struct click *click)
{
	const json_t *user = json_object_get(payload, "user");
	const char *url = json_get_text(payload, "response_url", "");

	*click = (struct click) { .kind = CLICK_OTHER };
	copy_slack_id(user, "id", click->user);
	copy_slack_id(user, "team_id", click->team);
	if (!*click->team)
		copy_slack_id(json_object_get(payload, "team"), "id", click->team);
	if (strlen(url) < sizeof(click->url))
		text_format(click->url, sizeof(click->url), "%s", url);
	if (strcmp(json_get_text(payload, "type", ""), "block_actions") == 0)
		read_action(json_array_get(json_object_get(payload, "actions"), 0), click);
}

/* Before it is parsed, so that no parser has to follow it. */
static bool is_too_deep(const char *text)
{
	unsigned depth = 0;
	bool in_text = false;

	for (; *text; text++) {
		if (in_text && *text == '\\' && text[1])
			text++;
		else if (*text == '"')
			in_text = !in_text;
		else if (!in_text && strchr("{[", *text) && ++depth > MAX_DEPTH)
			return true;
		else if (!in_text && strchr("}]", *text) && depth)
			depth--;
	}
	return false;
}

int click_parse(struct str body, struct click *click_out, struct error *err)
{
	CLEANUP(http_form) struct http_form form = { 0 };
	CLEANUP(json) json_t *payload = NULL;
	const char *text;

	if (http_form_parse(body, &form, err) < 0)
		return err->code;
	text = http_find(form.fields, form.n_fields, "payload");
	if (!text)
		return error_set(err, -EBADMSG, "the form has no payload");
	if (is_too_deep(text))
		return error_set(err, -EBADMSG, "the payload is nested more than %d deep",
				 MAX_DEPTH);
	payload = json_parse(text, strlen(text), PAYLOAD_MAX_BYTES, err);
	if (!payload)
		return error_wrap(err, "the payload");
	if (!json_is_object(payload))
		return error_set(err, -EBADMSG, "the payload is no object");
	read_payload(payload, click_out);
	return 0;
}
