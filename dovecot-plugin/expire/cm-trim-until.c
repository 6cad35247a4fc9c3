/* SPDX-License-Identifier: MIT */
#include "cm-trim-until.h"

#include "hash.h"

#define PLACES 64

static struct place {
	char *username;
	struct cm_trim_pause pause;
} places[PLACES];

static struct place *find(const char *username)
{
	return &places[str_hash(username) % PLACES];
}

void cm_trim_until_set(const char *username, const struct cm_trim_pause *pause)
{
	struct place *place = find(username);

	if (null_strcmp(place->username, username) != 0) {
		i_free(place->username);
		place->username = i_strdup(username);
	}
	place->pause = *pause;
}

bool cm_trim_until_wait(const char *username, int64_t now)
{
	const struct place *place = find(username);

	return null_strcmp(place->username, username) == 0 &&
		cm_trim_paused(&place->pause, now);
}

void cm_trim_until_deinit(void)
{
	unsigned int i;

	for (i = 0; i < PLACES; i++)
		i_free(places[i].username);
}
