#include "investigation/model/image.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/encoding.h"

#define HEAD_CHARS 16 /* of Base64: the first twelve bytes */

static bool begins(const struct buf *head, const char *bytes, size_t at, size_t len)
{
	return head->len >= at + len && memcmp(head->data + at, bytes, len) == 0;
}

const char *image_type(const char *data, size_t len)
{
	CLEANUP(buf) struct buf head = { 0 };

	buf_init(&head, HEAD_CHARS);
	if (len < HEAD_CHARS || base64_decode(data, HEAD_CHARS, &head) < 0)
		return NULL;
	if (begins(&head, "\x89PNG\r\n\x1a\n", 0, 8))
		return "image/png";
	if (begins(&head, "\xff\xd8\xff", 0, 3))
		return "image/jpeg";
	if (begins(&head, "GIF87a", 0, 6) || begins(&head, "GIF89a", 0, 6))
		return "image/gif";
	return begins(&head, "RIFF", 0, 4) && begins(&head, "WEBP", 8, 4) ? "image/webp" : NULL;
}

static bool is_base64(const char *data, size_t len)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	size_t n = strspn(data, alphabet), n_padding = strspn(data + n, "=");

	return len % 4 == 0 && n_padding <= 2 && n + n_padding == len;
}

static int check(const json_t *image, size_t number, struct error *err)
{
	const char *data = json_get_text(image, "data", "");
	const char *said = json_get_text(image, "media_type", "");
	size_t len = json_string_length(json_object_get(image, "data"));
	const char *type = image_type(data, len);

	if (!is_base64(data, len))
		return error_set(err, -EINVAL, "/images/%zu/data: is no Base64", number);
	if (!type)
		return error_set(err, -EINVAL,
				 "/images/%zu/data: is neither PNG, JPEG, GIF nor WebP", number);
	if (strcmp(type, said) != 0)
		return error_set(err, -EINVAL, "/images/%zu/media_type: it is %s", number, type);
	return 0;
}

int images_check(const json_t *images, struct error *err)
{
	const json_t *image;
	size_t i, n_bytes = 0;

	json_array_foreach(images, i, image)
	{
		n_bytes += json_string_length(json_object_get(image, "data"));
		if (i == IMAGES_MAX || n_bytes > IMAGES_MAX_BYTES)
			return error_set(err, -E2BIG,
					 "/images: more than %d, or than %zu KiB in all",
					 IMAGES_MAX, IMAGES_MAX_BYTES / KIB);
		if (check(image, i, err) < 0)
			return err->code;
	}
	return 0;
}
