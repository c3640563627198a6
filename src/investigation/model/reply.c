#include "investigation/model/reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define THOUGHTS_MAX_BYTES (16 * KIB)
#define SIGNATURE_MAX_BYTES (64 * KIB)

void reply_init(struct reply *reply)
{
	*reply = (struct reply) { .blocks = json_array() };
	buf_init(&reply->thoughts, THOUGHTS_MAX_BYTES);
}

static void part_finish(struct part *part)
{
	buf_finish(&part->text);
	buf_finish(&part->signature);
	json_decref(part->block);
	json_decref(part->args);
	*part = (struct part) { 0 };
}

void reply_finish(struct reply *reply)
{
	for (size_t i = 0; i < REPLY_MAX_PARTS; i++)
		part_finish(&reply->parts[i]);
	buf_finish(&reply->thoughts);
	json_decref(reply->blocks);
	reply->blocks = NULL;
}

void reply_cleanup(struct reply *reply)
{
	reply_finish(reply);
}

struct part *reply_part(struct reply *reply, size_t number, enum part_kind kind, struct error *err)
{
	struct part *part;

	if (number >= REPLY_MAX_PARTS) {
		error_set(err, -E2BIG, "a reply of more than %d parts", REPLY_MAX_PARTS);
		return NULL;
	}
	part = &reply->parts[number];
	if (part->kind == PART_NONE) {
		part->kind = kind;
		buf_init(&part->text, REPLY_PART_MAX_BYTES);
		buf_init(&part->signature, SIGNATURE_MAX_BYTES);
	}
	return part;
}

int reply_add(struct buf *part, const char *text, struct error *err)
{
	buf_add_text(part, text);
	return part->dropped ? error_set(err, -E2BIG,
					 "a part of the reply is larger than %zu bytes", part->max)
			     : 0;
}

static bool is_blank(const struct buf *text)
{
	return strspn(buf_text(text), " \t\r\n") == text->len;
}

/* No arguments at all means none are needed. */
static json_t *arguments_of(struct part *part)
{
	struct error err = { 0 };
	json_t *args;

	if (part->args)
		return TAKE(part->args);
	if (is_blank(&part->text))
		return json_object();
	args = json_parse(part->text.data, part->text.len, REPLY_PART_MAX_BYTES, &err);
	if (json_is_object(args))
		return args;
	json_decref(args);
	return NULL;
}

static json_t *call_block(struct reply *reply, struct part *part)
{
	json_t *args = part->name[0] ? arguments_of(part) : NULL;

	if (!args) {
		reply->n_broken++;
		return NULL;
	}
	reply->n_calls++;
	if (!part->id[0])
		text_format(part->id, sizeof(part->id), "call_%u", reply->n_calls);
	return json_pack("{s:s, s:o, s:o, s:o}", "type", "call", "id",
			 json_text(part->id, strlen(part->id)), "name",
			 json_text(part->name, strlen(part->name)), "args", args);
}

static json_t *kept_block(const struct part *part, const char *model)
{
	const char *member = json_object_get(part->block, "thinking") ? "thinking" : NULL;
	json_t *block = json_deep_copy(part->block);

	if (member) {
		json_put(block, member, json_text(buf_text(&part->text), part->text.len));
		json_put(block, "signature",
			 json_text(buf_text(&part->signature), part->signature.len));
	}
	return json_pack("{s:s, s:s, s:o}", "type", "kept", "model", model, "block", block);
}

static json_t *block_of(struct reply *reply, struct part *part, const char *model)
{
	switch (part->kind) {
	case PART_TEXT:
		return is_blank(&part->text)
			       ? NULL
			       : json_pack("{s:s, s:o}", "type", "text", "text",
					   json_text(part->text.data, part->text.len));
	case PART_CALL:
		return call_block(reply, part);
	case PART_KEPT:
		buf_add(&reply->thoughts, buf_text(&part->text), part->text.len);
		return kept_block(part, model);
	case PART_THOUGHT:
		buf_add(&reply->thoughts, buf_text(&part->text), part->text.len);
		return NULL;
	case PART_NONE:
		break;
	}
	return NULL;
}

void reply_close(struct reply *reply, size_t number, const char *model)
{
	struct part *part = number < REPLY_MAX_PARTS ? &reply->parts[number] : NULL;
	json_t *block = part ? block_of(reply, part, model) : NULL;

	if (block)
		json_push(reply->blocks, block);
	if (part)
		part_finish(part);
}

void reply_close_all(struct reply *reply, const char *model)
{
	for (size_t i = 0; i < REPLY_MAX_PARTS; i++)
		reply_close(reply, i, model);
}

void reply_close_broken(struct reply *reply, const char *model)
{
	for (size_t i = 0; i < REPLY_MAX_PARTS; i++) {
		struct part *part = &reply->parts[i];
		bool is_call = part->kind == PART_CALL;

		if (part->is_followed && (!is_call || part->args || !is_blank(&part->text)))
			reply_close(reply, i, model);
		else
			part_finish(part);
	}
}

char *reply_text(const struct reply *reply)
{
	CLEANUP(buf) struct buf text = { 0 };
	const json_t *block;
	size_t i;

	buf_init(&text, MIB);
	json_array_foreach(reply->blocks, i,
			   block) if (strcmp(json_get_text(block, "type", ""), "text") == 0)
		buf_add_text(&text, json_get_text(block, "text", ""));
	return strdup(buf_text(&text));
}
