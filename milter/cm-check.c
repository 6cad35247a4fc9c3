/* SPDX-License-Identifier: MIT */
#include "cm-check.h"
#include "cm-exempt.h"
#include "cm-inspect.h"
#include "cm-settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK (64 * 1024)
/* One header field with its folds; of a longer one the gate knows enough. */
#define MAX_FIELD (CM_MESSAGE_MAX_SKELETON + 2)

struct check {
	const struct cm_check_options *options;
	struct cm_inspect inspect;
	struct cm_recipients rcpts;
	struct cm_verdict verdict;
	bool in_body, lf_only, first_line, last_was_cr;
	/* the header line being read, and the field that it may belong to */
	size_t field_len, line_start;
	char field[MAX_FIELD];
};

static int exempt(void *ctx, const struct cm_message *msg,
		  const char **reason_r)
{
	struct check *check = ctx;
	const struct cm_check_options *options = check->options;
	const char *error;

	/* without settings nobody is known, so nobody lets cleartext in */
	if (options->settings == NULL)
		return 0;
	return cm_exempt(options->settings, options->direction,
			 check->inspect.input.mail_from, &check->rcpts, msg,
			 reason_r, &error);
}

static void push_field(struct check *check, size_t len)
{
	const char *colon = memchr(check->field, ':', len);
	size_t name_len = colon != NULL ? (size_t)(colon - check->field) : len;

	/* without its last CR LF */
	if (len > name_len && check->field[len - 1] == '\n')
		len--;
	if (len > name_len && check->field[len - 1] == '\r')
		len--;
	if (colon == NULL) {
		/* no field at all: as a name it is malformed */
		cm_inspect_header(&check->inspect, check->field, len, "", 0);
		return;
	}
	cm_inspect_header(&check->inspect, check->field, name_len, colon + 1,
			  len - name_len - 1);
}

static int end_header(struct check *check)
{
	if (check->line_start > 0)
		push_field(check, check->line_start);
	check->in_body = true;
	check->field_len = 0;
	check->line_start = 0;
	return cm_inspect_eoh(&check->inspect, &check->verdict);
}

/* A line of the header is complete at field[line_start..field_len). */
static int header_line(struct check *check)
{
	const char *line = check->field + check->line_start;
	size_t len = check->field_len - check->line_start;

	if (len == 2 && line[0] == '\r')
		return end_header(check);
	if (*line != ' ' && *line != '\t' && check->line_start > 0) {
		push_field(check, check->line_start);
		memmove(check->field, line, len);
		check->field_len = len;
	}
	check->line_start = check->field_len;
	return 0;
}

/* Takes header bytes up to the end of a line or of the data. Returns how many
 * it took, or -1. */
static ssize_t take_header(struct check *check, const char *data, size_t size)
{
	const char *lf = memchr(data, '\n', size);
	size_t len = lf != NULL ? (size_t)(lf - data) + 1 : size;

	if (check->field_len + len > sizeof(check->field)) {
		/* Counts as too large, whatever stands in it and wherever
		 * the chunks were cut. */
		memset(check->field, 'x', sizeof(check->field));
		cm_inspect_header(&check->inspect, "X", 1, check->field,
				  sizeof(check->field));
		check->field_len = check->line_start = 0;
		return (ssize_t)len;
	}
	memcpy(check->field + check->field_len, data, len);
	check->field_len += len;
	if (lf != NULL && header_line(check) < 0)
		return -1;
	return (ssize_t)len;
}

static int push(struct check *check, const char *data, size_t size)
{
	while (size > 0 && !check->in_body) {
		ssize_t n = take_header(check, data, size);

		if (n < 0)
			return -1;
		data += n;
		size -= (size_t)n;
	}
	if (size > 0)
		cm_inspect_body(&check->inspect, data, size);
	return 0;
}

/* The first line decides what line ends the file has. */
static int push_chunk(struct check *check, const char *data, size_t size)
{
	const char *lf;

	if (check->first_line && (lf = memchr(data, '\n', size)) != NULL) {
		check->lf_only = lf == data || lf[-1] != '\r';
		check->first_line = false;
	}
	if (!check->lf_only)
		return push(check, data, size);
	while (size > 0) {
		size_t len;

		lf = memchr(data, '\n', size);
		len = lf != NULL ? (size_t)(lf - data) : size;
		if (push(check, data, len) < 0 ||
		    (lf != NULL && push(check, "\r\n", 2) < 0))
			return -1;
		if (lf != NULL)
			len++;
		data += len;
		size -= len;
	}
	return 0;
}

static int finish(struct check *check)
{
	if (!check->in_body) {
		/* no empty line: a header and nothing else */
		check->line_start = check->field_len;
		if (end_header(check) < 0)
			return -1;
	}
	return cm_inspect_end(&check->inspect, "*", &check->verdict);
}

static int read_file(struct check *check, FILE *file)
{
	static char chunk[CHUNK];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0) {
		if (push_chunk(check, chunk, n) < 0)
			return -1;
	}
	return ferror(file) ? -1 : finish(check);
}

static void begin(struct check *check, const struct cm_check_options *options,
		  const struct cm_settings *defaults)
{
	const char *sender = options->mail_from;
	struct cm_inspect_envelope envelope = {
		.direction = options->direction,
		.mail_from = sender != NULL ? sender : "",
		.mail_from_is_from = sender == NULL,
		.login = "",
		.client_ip = "",
		.max_size = (options->settings != NULL ? options->settings :
			     defaults)->max_message_size,
		.authserv_id = !options->dkim ? NULL :
			(options->settings != NULL ? options->settings :
			 defaults)->authserv_id,
		.authserv_secret = "",
		.exempt = exempt,
		.ctx = check
	};
	int i;

	check->options = options;
	check->first_line = true;
	for (i = 0; i < options->rcpt_count; i++)
		cm_recipients_add(&check->rcpts, options->rcpts[i]);
	cm_inspect_begin(&check->inspect, &envelope);
}

static enum cm_check_result print_verdict(const char *path,
					  struct cm_verdict verdict, FILE *out)
{
	const struct cm_rule_info *info;

	if (verdict.action == CM_GATE_ACCEPT) {
		fprintf(out, "%s: accept %s\n", path, verdict.reason);
		return CM_CHECK_ACCEPTED;
	}
	info = cm_rule_info(verdict.rule);
	fprintf(out, "%s: reject %d %s %s: %s\n", path, info->code,
		info->xcode, info->name, info->detail);
	return CM_CHECK_REJECTED;
}

static void explain(const struct check *check, FILE *out)
{
	static const char *const encodings[] = {
		[CM_ENCODING_IDENTITY] = "as it is",
		[CM_ENCODING_BASE64] = "in base64",
		[CM_ENCODING_QUOTED_PRINTABLE] = "in quoted-printable",
		[CM_ENCODING_UNKNOWN] = "in an unknown encoding"
	};
	const struct cm_gate_input *input = &check->inspect.input;
	const struct cm_message *msg = &check->inspect.msg;
	struct cm_message_seen seen;

	cm_message_get_seen(msg, &seen);
	fprintf(out, "  size %llu bytes, of them %zu readable (headers, "
		"boundaries, armor lines)\n",
		(unsigned long long)input->size, seen.skeleton_size);
	fprintf(out, "  header: %u fields, type %s, %u From with %u "
		"address(es)\n", seen.header_fields,
		*seen.type != '\0' ? seen.type : "missing or malformed",
		msg->from_count, input->from_addresses);
	fprintf(out, "  body: %llu lines read, %u part(s)\n",
		(unsigned long long)seen.body_lines, seen.parts);
	if (seen.armor)
		fprintf(out, "  armor: %s, %u session key(s), encrypted data "
			"version %u of %llu bytes\n",
			encodings[seen.armor_encoding], seen.session_keys,
			seen.data_version,
			(unsigned long long)seen.data_size);
	if (msg->rule != CM_RULE_NONE && seen.body_lines == 0)
		fprintf(out, "  first rule broken: %s, in the header\n",
			cm_rule_info(msg->rule)->name);
	else if (msg->rule != CM_RULE_NONE)
		fprintf(out, "  first rule broken: %s, in line %llu of the "
			"body\n", cm_rule_info(msg->rule)->name,
			(unsigned long long)seen.body_lines);
}

enum cm_check_result cm_check_file(const struct cm_check_options *options,
				   const char *path, FILE *out)
{
	enum cm_check_result result = CM_CHECK_FAILED;
	bool is_stdin = strcmp(path, "-") == 0;
	struct check *check = calloc(1, sizeof(*check));
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	struct cm_settings defaults;
	const char *error;

	memset(&defaults, 0, sizeof(defaults));
	if (file == NULL || check == NULL ||
	    cm_settings_defaults(&defaults, &error) < 0) {
		fprintf(stderr, "chatmail-milter: %s: %s\n", path,
			strerror(errno));
	} else {
		begin(check, options, &defaults);
		errno = 0;
		if (read_file(check, file) < 0)
			fprintf(stderr, "chatmail-milter: %s: %s\n", path,
				errno != 0 ? strerror(errno) : "read error");
		else {
			result = print_verdict(path, check->verdict, out);
			if (options->explain)
				explain(check, out);
		}
		cm_inspect_deinit(&check->inspect);
		cm_recipients_deinit(&check->rcpts);
	}
	cm_settings_deinit(&defaults);
	free(check);
	if (file != NULL && !is_stdin)
		(void)fclose(file);
	return result;
}
