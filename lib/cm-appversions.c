/* SPDX-License-Identifier: MIT */
#include "cm-appversions.h"
#include "cm-io.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where in the file we are: "clients[0].sources[1]". */
#define PLACE_SIZE 64

static bool wrong(char *error, const char *place, const char *key,
		  const char *what)
{
	(void)snprintf(error, CM_APPVERSIONS_ERROR_SIZE, "%s%s%s: %s", place,
		       *place == '\0' || *key == '\0' ? "" : ".", key, what);
	return false;
}

/* An object with these keys and no others. */
static bool check_keys(const json_t *object, const char *const *keys,
		       const char *place, char *error)
{
	size_t count;

	if (!json_is_object(object))
		return wrong(error, *place == '\0' ? "file" : place, "",
			     "must be an object");
	for (count = 0; keys[count] != NULL; count++) {
		if (json_object_get(object, keys[count]) == NULL)
			return wrong(error, place, keys[count], "is missing");
	}
	if (json_object_size(object) != count)
		return wrong(error, *place == '\0' ? "file" : place, "",
			     "has a key that nobody knows");
	return true;
}

static bool check_string(const json_t *object, const char *key,
			 const char *place, char *error)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value) || json_string_length(value) == 0)
		return wrong(error, place, key, "must be text, and not empty");
	return true;
}

static bool check_list(const json_t *object, const char *key,
		       const char *place, char *error)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_array(value) || json_array_size(value) == 0)
		return wrong(error, place, key, "must be a list, and not empty");
	return true;
}

/* The ids of a list's first `count` objects do not have this one's. */
static bool check_unique(const json_t *list, size_t count, const char *key,
			 const char *place, char *error)
{
	const json_t *own = json_object_get(json_array_get(list, count), key);
	size_t i;

	for (i = 0; i < count; i++) {
		if (json_equal(json_object_get(json_array_get(list, i), key),
			       own))
			return wrong(error, place, key,
				     "stands in this list twice");
	}
	return true;
}

static bool check_url(const json_t *source, const char *place, char *error)
{
	const char *url =
		json_string_value(json_object_get(source, "downloadUrl"));

	if (strncmp(url, CM_APPVERSIONS_URL_GITHUB,
		    strlen(CM_APPVERSIONS_URL_GITHUB)) != 0 &&
	    strncmp(url, CM_APPVERSIONS_URL_OWN,
		    strlen(CM_APPVERSIONS_URL_OWN)) != 0)
		return wrong(error, place, "downloadUrl", "must begin with "
			     CM_APPVERSIONS_URL_GITHUB " or "
			     CM_APPVERSIONS_URL_OWN);
	return true;
}

static bool check_source(const json_t *source, const char *place, char *error)
{
	static const char *const keys[] = {
		"sourceId", "versionInteger", "versionString", "downloadUrl",
		NULL
	};
	const json_t *version;

	if (!check_keys(source, keys, place, error) ||
	    !check_string(source, "sourceId", place, error) ||
	    !check_string(source, "versionString", place, error) ||
	    !check_string(source, "downloadUrl", place, error))
		return false;
	version = json_object_get(source, "versionInteger");
	if (!json_is_integer(version) || json_integer_value(version) < 0 ||
	    json_integer_value(version) > UINT32_MAX)
		return wrong(error, place, "versionInteger",
			     "must be a whole number from 0 to 4294967295");
	return check_url(source, place, error);
}

static bool check_client(const json_t *client, const char *place, char *error)
{
	static const char *const keys[] = { "clientId", "sources", NULL };
	const json_t *sources;
	char inner[PLACE_SIZE];
	size_t i;

	if (!check_keys(client, keys, place, error) ||
	    !check_string(client, "clientId", place, error) ||
	    !check_list(client, "sources", place, error))
		return false;
	sources = json_object_get(client, "sources");
	for (i = 0; i < json_array_size(sources); i++) {
		(void)snprintf(inner, sizeof(inner), "%.40s.sources[%u]",
			       place, (unsigned int)i);
		if (!check_source(json_array_get(sources, i), inner, error) ||
		    !check_unique(sources, i, "sourceId", inner, error))
			return false;
	}
	return true;
}

static bool check(const json_t *root, char *error)
{
	static const char *const keys[] = { "clients", NULL };
	const json_t *clients;
	char place[PLACE_SIZE];
	size_t i;

	if (!check_keys(root, keys, "", error) ||
	    !check_list(root, "clients", "", error))
		return false;
	clients = json_object_get(root, "clients");
	for (i = 0; i < json_array_size(clients); i++) {
		(void)snprintf(place, sizeof(place), "clients[%u]",
			       (unsigned int)i);
		if (!check_client(json_array_get(clients, i), place, error) ||
		    !check_unique(clients, i, "clientId", place, error))
			return false;
	}
	return true;
}

int cm_appversions_check(const char *text, size_t size, char **json_r,
			 char error[CM_APPVERSIONS_ERROR_SIZE])
{
	json_error_t parse_error;
	json_t *root;

	*json_r = NULL;
	if (size > CM_APPVERSIONS_MAX_SIZE) {
		(void)wrong(error, "file", "", "is larger than 64 KiB");
		return -1;
	}
	root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &parse_error);
	if (root == NULL) {
		(void)snprintf(error, CM_APPVERSIONS_ERROR_SIZE,
			       "line %d: is no JSON", parse_error.line);
		return -1;
	}
	if (check(root, error)) {
		*json_r = json_dumps(root, JSON_COMPACT | JSON_ENSURE_ASCII);
		if (*json_r == NULL)
			(void)wrong(error, "file", "", "out of memory");
	}
	json_decref(root);
	return *json_r != NULL ? 0 : -1;
}

int cm_appversions_read(const char *path, char **json_r,
			char error[CM_APPVERSIONS_ERROR_SIZE])
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), ret;
	ssize_t size;
	char *buf;

	*json_r = NULL;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0) {
		(void)wrong(error, "open", "", strerror(errno));
		return -1;
	}
	buf = malloc(CM_APPVERSIONS_MAX_SIZE + 1);
	size = buf == NULL ? -1 :
			     cm_read_all(fd, buf, CM_APPVERSIONS_MAX_SIZE + 1);
	if (size < 0)
		(void)wrong(error, "read", "", strerror(errno));
	cm_close_keep_errno(fd);
	ret = size < 0 ? -1 : cm_appversions_check(buf, (size_t)size, json_r,
						   error);
	free(buf);
	return ret < 0 ? -1 : 1;
}
