/* SPDX-License-Identifier: MIT
 *
 * cm-openpgp-noise: how many high bits make noise.
 */
#include "cm-unit.h"
#include "cm-openpgp-noise.h"

/* size bytes, the first `high` of them with the high bit, fed by `piece`. */
static bool judge(size_t size, size_t high, size_t piece)
{
	struct cm_openpgp_noise noise = { 0, 0 };
	unsigned char *data = malloc(size > 0 ? size : 1);
	bool ret = true;
	size_t i, n;

	assert_non_null(data);
	memset(data, 'x', size);
	memset(data, 0x80, high);
	for (i = 0; i < size && ret; i += n) {
		n = size - i < piece ? size - i : piece;
		ret = cm_openpgp_noise_feed(&noise, data + i, n);
	}
	free(data);
	return ret && cm_openpgp_noise_end(&noise);
}

static const struct row {
	const char *name;
	size_t size, min; /* fewest high bits, and most low ones */
} rows[] = {
	{ "too short to tell", CM_OPENPGP_MIN_WINDOW - 1, 0 },
	{ "shortest window", CM_OPENPGP_MIN_WINDOW, 2 },
	{ "short window", 100, 15 },
	{ "longest short window", CM_OPENPGP_WINDOW - 1, 53 },
	{ "full window", CM_OPENPGP_WINDOW, 64 }
};

static void bounds(void **state)
{
	const struct row *row = *state;
	static const size_t pieces[] = { 1, 7, 1000 };
	size_t i;

	for (i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		size_t min = row->min, max = row->size - min;

		assert_true(judge(row->size, min, pieces[i]));
		assert_true(judge(row->size, max, pieces[i]));
		if (min > 0) {
			assert_false(judge(row->size, min - 1, pieces[i]));
			assert_false(judge(row->size, max + 1, pieces[i]));
		}
	}
}

/* A window that is none is seen wherever it stands. */
static void any_window(void **state)
{
	struct cm_openpgp_noise noise = { 0, 0 };
	unsigned char mixed[CM_OPENPGP_WINDOW], text[CM_OPENPGP_WINDOW];
	size_t i;

	(void)state;
	memset(text, 'x', sizeof(text));
	for (i = 0; i < sizeof(mixed); i++)
		mixed[i] = i % 2 == 0 ? 0x80 : 'x';
	for (i = 0; i < 100; i++)
		assert_true(cm_openpgp_noise_feed(&noise, mixed,
						  sizeof(mixed)));
	assert_false(cm_openpgp_noise_feed(&noise, text, sizeof(text)));
}

/* After the end it begins anew. */
static void anew(void **state)
{
	struct cm_openpgp_noise noise = { 0, 0 };
	unsigned char text[CM_OPENPGP_MIN_WINDOW - 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_true(cm_openpgp_noise_feed(&noise, text, sizeof(text)));
	assert_true(cm_openpgp_noise_end(&noise));
	assert_true(cm_openpgp_noise_feed(&noise, text, 1));
	assert_true(cm_openpgp_noise_end(&noise));
}

int main(void)
{
	cm_unit_rows(bounds, rows);
	cm_unit_test(any_window);
	cm_unit_test(anew);
	return cm_unit_run();
}
