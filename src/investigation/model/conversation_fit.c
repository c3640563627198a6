#include "investigation/model/conversation.h"

#include <string.h>

#include "base/buf.h"

#define BLOCK_BYTES 80        /* what surrounds a block in a request */
#define IMAGE_BYTES (5 * KIB) /* as models count a large one: 1600 tokens, however many bytes */
#define NOTES_MAX_BYTES (2 * KIB)
#define NOTES "Earlier rounds, shortened (all of it is still in the evidence):\n"

static size_t block_size(const json_t *block)
{
	CLEANUP(text) char *whole = NULL;
	const json_t *text = json_object_get(block, "text");

	if (strcmp(json_get_text(block, "type", ""), "image") == 0)
		return IMAGE_BYTES;
	if (json_is_string(text))
		return json_string_length(text) + BLOCK_BYTES;
	whole = json_canonical(block);
	return strlen(whole) + BLOCK_BYTES;
}

size_t conversation_size(const struct conversation *conversation)
{
	const json_t *turn, *block;
	size_t i, j, size = 0;

	json_array_foreach(conversation->turns, i, turn)
		json_array_foreach(json_object_get(turn, "blocks"), j, block) size +=
		block_size(block);
	return size;
}

/* What this saved. */
static size_t shorten(json_t *block)
{
	json_t *summary = json_object_get(block, "short");
	size_t before = block_size(block);
	size_t after;

	if (!summary || strlen(json_get_text(block, "text", "")) <= json_string_length(summary))
		return 0;
	json_put(block, "text", json_incref(summary));
	after = block_size(block);
	return before - after;
}

static size_t shorten_turn(json_t *turn)
{
	json_t *block;
	size_t i, saved = 0;

	json_array_foreach(json_object_get(turn, "blocks"), i, block) saved += shorten(block);
	return saved;
}

/* The note of the first turn that stands for rounds that were taken out. */
static json_t *notes_of(json_t *first_turn)
{
	json_t *blocks = json_object_get(first_turn, "blocks");
	json_t *block;
	size_t i;

	json_array_foreach(blocks, i, block) if (strncmp(json_get_text(block, "text", ""), NOTES,
							 strlen(NOTES)) == 0) return block;
	block = json_pack("{s:s, s:s}", "type", "text", "text", NOTES);
	json_push(blocks, block);
	return block;
}

static void note(json_t *notes, const json_t *turn)
{
	CLEANUP(buf) struct buf text = { 0 };
	const json_t *block;
	size_t i;

	buf_init(&text, strlen(NOTES) + NOTES_MAX_BYTES);
	buf_add_text(&text, json_get_text(notes, "text", ""));
	json_array_foreach(json_object_get(turn, "blocks"), i, block)
	{
		const char *summary = json_get_text(block, "short", "");

		if (*summary && text.len + strlen(summary) + 1 <= text.max)
			buf_add_format(&text, "%s\n", summary);
	}
	json_put(notes, "text", json_text(text.data, text.len));
}

/* The oldest reply and its answers go together: a call is never without its result. */
static void drop_round(struct conversation *conversation)
{
	json_t *notes = notes_of(json_array_get(conversation->turns, 0));

	note(notes, json_array_get(conversation->turns, 2));
	(void)json_array_remove(conversation->turns, 2); /* both are there: see the caller */
	(void)json_array_remove(conversation->turns, 1);
}

bool conversation_fit(struct conversation *conversation, size_t max_bytes)
{
	size_t size = conversation_size(conversation);
	size_t n = json_array_size(conversation->turns);

	for (size_t i = 0; i + 1 < n && size > max_bytes; i++)
		size -= shorten_turn(json_array_get(conversation->turns, i));
	while (size > max_bytes && json_array_size(conversation->turns) > 3) {
		drop_round(conversation);
		size = conversation_size(conversation);
	}
	n = json_array_size(conversation->turns);
	if (n && size > max_bytes)
		size -= shorten_turn(json_array_get(conversation->turns, n - 1));
	return size <= max_bytes;
}
