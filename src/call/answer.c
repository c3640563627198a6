#include "call/answer.h"

#include <string.h>

#include "call/sandbox/profile.h"

static json_t *list_walls(const struct answer *answer)
{
	json_t *layers = json_array();
	char name[64];

	for (unsigned i = 0; i < WALL_N; i++) {
		if (!(answer->walls & (1u << i)))
			continue;
		text_format(name, sizeof(name), "%s", sandbox_wall_name(1u << i));
		if ((1u << i) == WALL_LANDLOCK)
			text_format(name, sizeof(name), "landlock-%u", answer->landlock_abi);
		json_push(layers, json_string(name));
	}
	return layers;
}

static const char *name_already(enum spool_state state)
{
	switch (state) {
	case SPOOL_STARTED:
		return "started";
	case SPOOL_FINISHED:
		return "finished";
	case SPOOL_FORGOTTEN:
		return "forgotten";
	case SPOOL_UNKNOWN:
		break;
	}
	return NULL;
}

static json_t *own_header(const struct answer *answer)
{
	json_t *header = json_pack("{s:s, s:i, s:s}", "type", "answer", "code", answer->err.code,
				   "outcome", answer->outcome);

	if (answer->err.code)
		json_put(header, "error", json_text(answer->err.text, strlen(answer->err.text)));
	json_put(header, "elapsed_ms", json_real((double)answer->elapsed_ns / NS_PER_MS));
	json_put(header, "cpu_ms", json_real((double)answer->cpu_ns / NS_PER_MS));
	json_put(header, "peak_memory_bytes", json_integer((json_int_t)answer->peak_memory_bytes));
	json_put(header, "layers", list_walls(answer));
	if (answer->result)
		json_put(header, "sha256", json_string(answer->sha256));
	if (answer->kind == ANSWER_PLAN)
		json_put(header, "plan", json_true());
	if (answer->approval)
		json_put(header, "approval", json_incref(answer->approval));
	return header;
}

json_t *answer_header(const struct answer *answer)
{
	json_t *header = answer->kept ? json_deep_copy(answer->kept->header) : own_header(answer);
	const char *already = name_already(answer->already);

	if (already)
		json_put(header, "already", json_string(already));
	return header;
}
