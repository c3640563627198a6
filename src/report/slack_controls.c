#include <string.h>

#include "report/escape.h"
#include "report/outline_internal.h"
#include "report/report.h"

#define LABEL_BYTES 70 /* of 75 characters */
#define MAX_BUTTONS 20 /* of 25; the line takes the others */
#define ID_BYTES 128   /* of 255 */
#define WORDS_MAX 2000

static json_t *plain_text(const char *text)
{
	return json_pack("{s:s, s:s, s:b}", "type", "plain_text", "text", text, "emoji", 0);
}

static void name_block(const json_t *appeal, const char *part, char id[ID_BYTES])
{
	text_format(id, ID_BYTES, "constable.%.64s.%s", json_get_text(appeal, "id", ""), part);
}

static json_t *button(const char *text, const char *action)
{
	CLEANUP(buf) struct buf label = { 0 };

	buf_init(&label, 2 * LABEL_BYTES);
	escape_slack(&label, *text ? text : "(empty)", LABEL_BYTES);
	return json_pack("{s:s, s:o, s:s}", "type", "button", "text", plain_text(label.data),
			 "action_id", action);
}

static json_t *buttons(const json_t *appeal)
{
	json_t *elements = json_array();
	const json_t *choice;
	char action[32];
	size_t i;

	json_array_foreach(json_object_get(appeal, "choices"), i, choice)
	{
		text_format(action, sizeof(action), "choice.%zu", i);
		if (i < MAX_BUTTONS && json_is_string(choice))
			json_push(elements, button(json_string_value(choice), action));
	}
	return elements;
}

static json_t *refusal(void)
{
	json_t *element = button("Refuse it", "refuse");

	json_put(element, "style", json_string("danger"));
	return json_pack("[o]", element);
}

/* What is typed comes when Enter is pressed. */
static json_t *line(const json_t *appeal)
{
	char id[ID_BYTES];

	name_block(appeal, "t", id);
	return json_pack("{s:s, s:s, s:b, s:o, s:{s:s, s:s, s:b, s:i, s:{s:[s]}}}", "type", "input",
			 "block_id", id, "dispatch_action", 1, "label",
			 plain_text("Answer in your own words, and press Enter"), "element", "type",
			 "plain_text_input", "action_id", "text", "multiline", 0, "max_length",
			 WORDS_MAX, "dispatch_action_config", "trigger_actions_on",
			 "on_enter_pressed");
}

json_t *report_slack_controls(const json_t *document)
{
	const json_t *appeal = json_object_get(document, "appeal");
	const char *type = json_get_text(appeal, "type", "");
	bool is_change = strcmp(type, "change") == 0;
	json_t *blocks = json_array(), *elements;
	char id[ID_BYTES];

	if (!json_is_object(appeal) || !appeal_is_open(appeal) || strcmp(type, "tool") == 0 ||
	    strcmp(type, "form") == 0)
		return blocks; /* what wants the approver's own key */
	name_block(appeal, "a", id);
	elements = is_change ? refusal() : buttons(appeal);
	if (json_array_size(elements))
		json_push(blocks, json_pack("{s:s, s:s, s:O}", "type", "actions", "block_id", id,
					    "elements", elements));
	json_decref(elements);
	if (!is_change)
		json_push(blocks, line(appeal));
	return blocks;
}
