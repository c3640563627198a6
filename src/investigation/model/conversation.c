#include "investigation/model/conversation.h"

#include <errno.h>
#include <string.h>

void conversation_init(struct conversation *conversation)
{
	conversation->turns = json_array();
}

void conversation_finish(struct conversation *conversation)
{
	json_decref(conversation->turns);
	conversation->turns = NULL;
}

void conversation_cleanup(struct conversation *conversation)
{
	conversation_finish(conversation);
}

static bool has_texts(const json_t *block, const char *first, const char *second)
{
	return json_is_string(json_object_get(block, first)) &&
	       (!second || json_is_string(json_object_get(block, second)));
}

static bool is_block(const json_t *block)
{
	const char *type = json_get_text(block, "type", "");

	if (strcmp(type, "text") == 0)
		return has_texts(block, "text", NULL);
	if (strcmp(type, "image") == 0)
		return has_texts(block, "media_type", "data");
	if (strcmp(type, "call") == 0)
		return has_texts(block, "id", "name") &&
		       json_is_object(json_object_get(block, "args"));
	if (strcmp(type, "result") == 0)
		return has_texts(block, "id", "text") &&
		       json_is_boolean(json_object_get(block, "failed"));
	return strcmp(type, "kept") == 0 && has_texts(block, "model", NULL) &&
	       json_is_object(json_object_get(block, "block"));
}

static bool is_turn(const json_t *turn, size_t number)
{
	const json_t *blocks = json_object_get(turn, "blocks");
	const json_t *block;
	size_t i;

	if (strcmp(json_get_text(turn, "role", ""), number % 2 ? "assistant" : "user") != 0 ||
	    !json_array_size(blocks))
		return false;
	json_array_foreach(blocks, i, block) if (!is_block(block)) return false;
	return true;
}

int conversation_parse(struct conversation *conversation, const json_t *kept, struct error *err)
{
	const json_t *turn;
	size_t i;

	if (!json_is_array(kept) || json_array_size(kept) > CONVERSATION_MAX_TURNS)
		return error_set(err, -EBADMSG, "a conversation is a list of at most %d turns",
				 CONVERSATION_MAX_TURNS);
	json_array_foreach(kept, i, turn) if (!is_turn(turn, i)) return error_set(
		err, -EBADMSG, "turn %zu of the conversation is none", i + 1);
	conversation->turns = json_deep_copy(kept);
	return 0;
}

static json_t *turn_of(struct conversation *conversation, const char *role)
{
	size_t n = json_array_size(conversation->turns);
	json_t *last = n ? json_array_get(conversation->turns, n - 1) : NULL;

	if (!last || strcmp(json_get_text(last, "role", ""), role) != 0) {
		last = json_pack("{s:s, s:[]}", "role", role, "blocks");
		json_push(conversation->turns, last);
	}
	return json_object_get(last, "blocks");
}

void conversation_say(struct conversation *conversation, const char *text)
{
	json_push(turn_of(conversation, "user"),
		  json_pack("{s:s, s:o}", "type", "text", "text", json_text(text, strlen(text))));
}

void conversation_show(struct conversation *conversation, const json_t *image)
{
	json_push(turn_of(conversation, "user"),
		  json_pack("{s:s, s:O, s:O}", "type", "image", "media_type",
			    json_object_get(image, "media_type"), "data",
			    json_object_get(image, "data")));
}

void conversation_answer(struct conversation *conversation, const struct tool_answer *answer)
{
	json_t *block = json_pack("{s:s, s:s, s:o, s:b}", "type", "result", "id", answer->call_id,
				  "text", json_text(answer->text, strlen(answer->text)), "failed",
				  answer->is_failed);

	if (answer->summary)
		json_put(block, "short", json_text(answer->summary, strlen(answer->summary)));
	json_push(turn_of(conversation, "user"), block);
}

void conversation_reply(struct conversation *conversation, json_t *blocks)
{
	if (!json_array_size(blocks) ||
	    json_array_extend(turn_of(conversation, "assistant"), blocks) == 0)
		json_decref(blocks);
	else
		abort();
}
