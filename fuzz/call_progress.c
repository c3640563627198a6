/* What a job writes while it runs: pieces are bounded, in whatever portions the bytes come. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "call/progress.h"

static size_t read_in(const uint8_t *data, size_t size, size_t at_once)
{
	struct progress_reader reader;
	size_t n_text = 0;
	int r = 0;

	progress_reader_init(&reader);
	for (size_t at = 0; at < size && r >= 0; at += at_once) {
		struct progress_piece piece;

		progress_reader_add(&reader, (const char *)data + at,
				    size - at < at_once ? size - at : at_once);
		assert(!reader.bytes.dropped);
		while ((r = progress_decode(&reader, &piece)) == 1) {
			assert(piece.text.len <= PROGRESS_PIECE_BYTES);
			assert(piece.is_result || piece.stream < PROGRESS_N);
			n_text += piece.text.len + 1;
		}
	}
	progress_reader_finish(&reader);
	return n_text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	assert(read_in(data, size, PROGRESS_READ_BYTES) == read_in(data, size, 7));
	return 0;
}
