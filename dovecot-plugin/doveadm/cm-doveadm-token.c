/* SPDX-License-Identifier: MIT
 *
 * `doveadm chatmail token add|list|remove`.
 */
#include "cm-doveadm-cmds.h"

#include "randgen.h"

#include "cm-doveadm-relay.h"
#include "cm-hmac.h"
#include "cm-token.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SECS_PER_DAY CM_ACCOUNT_INFO_SECS_PER_DAY

static const char *day_text(int day)
{
	time_t t = (time_t)day * SECS_PER_DAY;
	struct tm tm;
	char buf[sizeof("-2147483648-01-01")];

	if (day < 0 || gmtime_r(&t, &tm) == NULL ||
	    strftime(buf, sizeof(buf), "%Y-%m-%d", &tm) == 0)
		return "";
	return t_strdup(buf);
}

/* YYYY-MM-DD, a day that exists; -1: it is none. */
static int parse_day(const char *text)
{
	struct tm tm;
	time_t t;
	int day;

	i_zero(&tm);
	if (sscanf(text, "%4d-%2d-%2d", &tm.tm_year, &tm.tm_mon,
		   &tm.tm_mday) != 3)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	t = timegm(&tm);
	if (t < 0 || t / SECS_PER_DAY > CM_ACCOUNT_INFO_MAX_DAY)
		return -1;
	day = t / SECS_PER_DAY;
	/* 31 June has become 1 July, and what stood behind is gone */
	return strcmp(day_text(day), text) == 0 ? day : -1;
}

static const char *number_text(unsigned int number)
{
	return number == 0 ? "" : dec2str(number);
}

/* "": it can be used */
static const char *state_text(const struct cm_token *token)
{
	if (token->max_uses > 0 && token->used >= token->max_uses)
		return "used up";
	if (token->expires >= 0 &&
	    cm_account_info_day(time(NULL)) > token->expires)
		return "expired";
	return "active";
}

static bool wrong(struct doveadm_cmd_context *cctx, const char *what)
{
	cm_doveadm_usage(cctx, what);
	return FALSE;
}

/* FALSE: said why. */
static bool get_token(struct doveadm_cmd_context *cctx,
		      struct cm_token *token_r)
{
	const char *name, *comment, *expires;
	int64_t max_uses = 0;

	i_zero(token_r);
	token_r->expires = -1;
	token_r->created = cm_account_info_day(time(NULL));
	if (!doveadm_cmd_param_str(cctx, "name", &name) ||
	    !cm_token_name_valid(name)) {
		return wrong(cctx, "a name is needed: 1 to 64 of a-z A-Z 0-9 "
			     ". _ -, beginning with a letter or digit");
	}
	memcpy(token_r->name, name, strlen(name) + 1);
	if (doveadm_cmd_param_str(cctx, "comment", &comment)) {
		if (!cm_token_comment_valid(comment)) {
			return wrong(cctx, "comment has control characters "
				     "or more than 200 bytes, or is not UTF-8");
		}
		memcpy(token_r->comment, comment, strlen(comment) + 1);
	}
	if (doveadm_cmd_param_int64(cctx, "max-uses", &max_uses) &&
	    (max_uses < 1 || max_uses > CM_TOKEN_MAX_USES))
		return wrong(cctx, "max-uses is a number from 1 to 1000000");
	token_r->max_uses = max_uses;
	if (doveadm_cmd_param_str(cctx, "expires", &expires)) {
		token_r->expires = parse_day(expires);
		if (token_r->expires < 0)
			return wrong(cctx, "expires is a day: YYYY-MM-DD");
	}
	return TRUE;
}

static const char *get_secret(struct doveadm_cmd_context *cctx)
{
	unsigned char random[CM_TOKEN_RANDOM_SIZE];
	char made[CM_TOKEN_SECRET_LEN + 1];
	const char *secret;

	if (!doveadm_cmd_param_str(cctx, "token", &secret)) {
		random_fill(random, sizeof(random));
		cm_token_make_secret(random, made);
		return t_strdup(made);
	}
	if (cm_token_secret_valid(secret))
		return secret;
	(void)wrong(cctx, "a token has 8 to 64 printable characters of "
		    "ASCII and no blanks");
	return NULL;
}

static void print_added(const struct cm_token *token, const char *secret)
{
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header("name", "name", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_print_header("token", "token",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_print_header_simple("max_uses");
	doveadm_print_header_simple("expires");
	doveadm_print(token->name);
	doveadm_print(secret);
	doveadm_print(number_text(token->max_uses));
	doveadm_print(day_text(token->expires));
}

static void add(struct cm_doveadm_relay *relay, const struct cm_token *token,
		const char *secret)
{
	unsigned char fresh[CM_STATE_KEY_SIZE];
	enum cm_dir_result result;
	const char *error = "";

	random_fill(fresh, sizeof(fresh));
	result = cm_token_add_first(relay->set.state_dir, cm_hmac_sha256,
				    fresh, token, secret, &error);
	if (result == CM_DIR_OK)
		print_added(token, secret);
	else if (result == CM_DIR_EXISTS) {
		i_error("a token of this name is there, or this token");
		cm_doveadm_exit(EX_DATAERR);
	} else {
		(void)cm_doveadm_trouble(result, error);
	}
}

void cm_doveadm_token_add(struct doveadm_cmd_context *cctx)
{
	struct cm_doveadm_relay relay;
	struct cm_token token;
	const char *secret;

	if (!get_token(cctx, &token))
		return;
	secret = get_secret(cctx);
	if (secret == NULL || !cm_doveadm_relay_open(cctx, &relay))
		return;
	add(&relay, &token, secret);
	cm_doveadm_relay_close(&relay);
}

struct row {
	struct cm_token token;
	const char *trouble; /* NULL: none */
};

static bool collect(void *ctx, const struct cm_token *token,
		    enum cm_dir_result result, const char *error)
{
	ARRAY_TYPE(void_array) *rows = ctx;
	struct row *row = t_new(struct row, 1);
	void *p = row;

	row->token = *token;
	if (result != CM_DIR_OK)
		row->trouble = cm_doveadm_trouble(result, error);
	array_push_back(rows, &p);
	return TRUE;
}

static int by_name(void *const *a, void *const *b)
{
	const struct row *row_a = *a, *row_b = *b;
	int ret = strcmp(row_a->token.name, row_b->token.name);

	return ret != 0 ? ret : strcmp(row_a->token.id, row_b->token.id);
}

static void print_row(const struct row *row)
{
	const struct cm_token *token = &row->token;

	doveadm_print(token->name);
	doveadm_print(row->trouble != NULL ? row->trouble : state_text(token));
	doveadm_print_num(token->used);
	doveadm_print(number_text(token->max_uses));
	doveadm_print(day_text(token->expires));
	doveadm_print(day_text(token->created));
	doveadm_print(token->comment);
}

void cm_doveadm_token_list(struct doveadm_cmd_context *cctx)
{
	struct cm_doveadm_relay relay;
	struct cm_tokens tokens;
	enum cm_dir_result result;
	ARRAY_TYPE(void_array) rows;
	const char *error = "";
	void *row;

	if (!cm_doveadm_relay_open(cctx, &relay))
		return;
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header("name", "name", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_print_header_simple("state");
	doveadm_print_header_simple("used");
	doveadm_print_header_simple("max_uses");
	doveadm_print_header_simple("expires");
	doveadm_print_header_simple("created");
	doveadm_print_header("comment", "comment",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	t_array_init(&rows, 32);
	result = cm_tokens_open(relay.set.state_dir, cm_hmac_sha256, NULL,
				&tokens, &error);
	if (result == CM_DIR_OK) {
		result = cm_token_each(&tokens, collect, &rows, &error);
		cm_tokens_close(&tokens);
	}
	array_sort(&rows, by_name);
	array_foreach_elem(&rows, row)
		print_row(row);
	if (result != CM_DIR_OK && result != CM_DIR_UNKNOWN)
		(void)cm_doveadm_trouble(result, error);
	cm_doveadm_relay_close(&relay);
}

static bool no_more(void *ctx, const struct cm_token *token ATTR_UNUSED,
		    enum cm_dir_result result ATTR_UNUSED,
		    const char *error ATTR_UNUSED)
{
	bool *any = ctx;

	*any = TRUE;
	return FALSE;
}

/* Better said than found out. */
static void warn_if_last(const struct cm_tokens *tokens)
{
	const char *error;
	bool any = FALSE;

	if (cm_token_each(tokens, no_more, &any, &error) == CM_DIR_OK && !any) {
		i_warning("no token is left: registration opens to all with "
			  "doveadm chatmail registration open");
	}
}

static void remove_token(struct cm_doveadm_relay *relay, const char *name)
{
	struct cm_tokens tokens;
	enum cm_dir_result result;
	const char *text, *error = "";

	result = cm_tokens_open(relay->set.state_dir, cm_hmac_sha256, NULL,
				&tokens, &error);
	if (result == CM_DIR_OK) {
		result = cm_token_remove(&tokens, name, &error);
		text = result == CM_DIR_OK ? "removed" :
			cm_doveadm_trouble(result, error);
		if (result == CM_DIR_OK)
			warn_if_last(&tokens);
		cm_tokens_close(&tokens);
	} else {
		text = cm_doveadm_trouble(result, error);
	}
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header("name", "name", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_print_header("result", "result",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_print(name);
	doveadm_print(text);
}

void cm_doveadm_token_remove(struct doveadm_cmd_context *cctx)
{
	struct cm_doveadm_relay relay;
	const char *name;

	if (!doveadm_cmd_param_str(cctx, "name", &name)) {
		cm_doveadm_usage(cctx, "which token? (its name)");
		return;
	}
	if (!cm_doveadm_relay_open(cctx, &relay))
		return;
	remove_token(&relay, name);
	cm_doveadm_relay_close(&relay);
}
