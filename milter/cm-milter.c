/* SPDX-License-Identifier: MIT */
#include "cm-milter.h"
#include "cm-edits.h"
#include "cm-exempt.h"
#include "cm-inspect.h"
#include "cm-live.h"
#include "cm-log.h"
#include "cm-milter-counters.h"
#include "cm-senders.h"

#include <errno.h>
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What Postfix calls itself towards us where mail is submitted:
 * milter_macro_daemon_name in conf.d/postfix. */
#define ORIGINATING "ORIGINATING"

/* Events and replies that we can do without. Every reply is a round trip, and
 * of all the callbacks before the end only the end of the header has
 * something to say. */
#define WANTED_STEPS                                                           \
	(SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NODATA |     \
	 SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT |       \
	 SMFIP_NR_DATA | SMFIP_NR_UNKN | SMFIP_NR_HDR | SMFIP_NR_EOH |         \
	 SMFIP_NR_BODY |                                                       \
	 SMFIP_HDR_LEADSPC)

struct connection {
	struct cm_live *live; /* settings, for the length of one message */
	struct cm_inspect inspect;
	struct cm_edits edits;
	struct cm_recipients rcpts;
	enum cm_direction direction;
	char mail_from[CM_ADDR_MAX + 1];
	char login[CM_ADDR_MAX + 1];
	char client_ip[CM_ADDR_MAX + 1];
	unsigned long steps; /* those that this Postfix agreed to */
	bool begun; /* cm_inspect_begin() was called for this message */
	bool decided; /* verdict or failed is final */
	bool failed;  /* we are at fault */
	struct cm_verdict verdict;
};

static sfsistat reply(const struct connection *conn, unsigned long no_reply)
{
	return (conn->steps & no_reply) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static const char *macro(SMFICTX *ctx, const char *name)
{
	const char *value = smfi_getsymval(ctx, (char *)(uintptr_t)name);

	return value != NULL ? value : "";
}

/* <a@b> or a@b into dest without brackets. What is longer than an address
 * becomes "?", which is none. */
static void copy_bracketed(char *dest, const char *src)
{
	size_t len = strlen(src);

	if (len >= 2 && src[0] == '<' && src[len - 1] == '>') {
		src++;
		len -= 2;
	}
	if (len > CM_ADDR_MAX) {
		src = "?";
		len = 1;
	}
	memcpy(dest, src, len);
	dest[len] = '\0';
}

static int exempt(void *ctx, const struct cm_message *msg,
		  const char **reason_r)
{
	struct connection *conn = ctx;
	const char *error;
	int ret = cm_exempt(&conn->live->set, conn->direction,
			    conn->mail_from, &conn->rcpts, msg, reason_r,
			    &error);

	if (ret < 0)
		cm_log(CM_LOG_ERROR, "mailboxes_dir: %s: %s", error,
		       strerror(errno));
	return ret;
}

static int may_send(void *ctx, const char *from)
{
	struct connection *conn = ctx;
	const char *error;
	int ret = cm_senders_may_send(&conn->live->set, from, &error);

	if (ret < 0)
		cm_log(CM_LOG_ERROR, "state_dir: %s: %s", error,
		       strerror(errno));
	return ret;
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions,
			     unsigned long steps, unsigned long f2,
			     unsigned long f3, unsigned long *actions_r,
			     unsigned long *steps_r, unsigned long *f2_r,
			     unsigned long *f3_r)
{
	struct connection *conn = calloc(1, sizeof(*conn));

	(void)f2;
	(void)f3;
	if (conn == NULL)
		return SMFIS_TEMPFAIL;
	if (smfi_setpriv(ctx, conn) != MI_SUCCESS) {
		free(conn);
		return SMFIS_TEMPFAIL;
	}
	conn->steps = steps & WANTED_STEPS;
	*actions_r = actions & (SMFIF_SETSYMLIST | SMFIF_CHGHDRS |
				SMFIF_CHGFROM);
	*steps_r = conn->steps;
	*f2_r = 0;
	*f3_r = 0;
	/* Fewer macros are fewer bytes, and without the connect event Postfix
	 * would not send {daemon_name}. */
	if ((actions & SMFIF_SETSYMLIST) != 0) {
		static char at_mail[] = "{auth_authen} {daemon_name} "
					"{client_addr}";
		static char at_eom[] = "i";

		(void)smfi_setsymlist(ctx, SMFIM_ENVFROM, at_mail);
		(void)smfi_setsymlist(ctx, SMFIM_EOM, at_eom);
	}
	return SMFIS_CONTINUE;
}

/* The message is over, however it ended. */
static void forget_message(struct connection *conn)
{
	conn->begun = conn->decided = conn->failed = false;
	cm_recipients_reset(&conn->rcpts);
	cm_edits_reset(&conn->edits);
	cm_live_put(&conn->live);
}

static void begin_message(struct connection *conn)
{
	struct cm_inspect_envelope envelope = {
		.direction = conn->direction,
		.mail_from = conn->mail_from,
		.login = conn->login,
		.client_ip = conn->client_ip,
		.max_size = conn->live->set.max_message_size,
		.authserv_id = conn->live->set.require_dkim ?
			conn->live->set.authserv_id : NULL,
		.authserv_secret = conn->live->authserv_secret,
		.exempt = exempt,
		.may_send = may_send,
		.ctx = conn
	};

	cm_inspect_begin(&conn->inspect, &envelope);
	conn->begun = true;
}

static sfsistat on_envfrom(SMFICTX *ctx, char **argv)
{
	struct connection *conn = smfi_getpriv(ctx);
	const char *login = macro(ctx, "{auth_authen}");

	copy_bracketed(conn->mail_from, argv[0] != NULL ? argv[0] : "?");
	copy_bracketed(conn->login, login);
	copy_bracketed(conn->client_ip, macro(ctx, "{client_addr}"));
	conn->direction = *login != '\0' ||
		strcmp(macro(ctx, "{daemon_name}"), ORIGINATING) == 0 ?
		CM_OUTGOING : CM_INCOMING;
	forget_message(conn);
	conn->live = cm_live_get();
	return reply(conn, SMFIP_NR_MAIL);
}

static sfsistat on_envrcpt(SMFICTX *ctx, char **argv)
{
	struct connection *conn = smfi_getpriv(ctx);
	char address[CM_ADDR_MAX + 1];

	if (cm_exempt_needs_recipients(&conn->live->set, conn->direction)) {
		copy_bracketed(address, argv[0] != NULL ? argv[0] : "?");
		cm_recipients_add(&conn->rcpts, address);
	}
	return reply(conn, SMFIP_NR_RCPT);
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct connection *conn = smfi_getpriv(ctx);

	if (!conn->begun)
		begin_message(conn);
	cm_inspect_header(&conn->inspect, name, strlen(name), value,
			  strlen(value));
	cm_edits_header(&conn->edits, conn->direction,
			conn->live->set.strict_headers, name, value);
	return reply(conn, SMFIP_NR_HDR);
}

static const char *queue_id(SMFICTX *ctx)
{
	const char *id = macro(ctx, "i");

	return *id != '\0' ? id : "-";
}

static const char *direction_word(const struct connection *conn)
{
	return conn->direction == CM_OUTGOING ? "outgoing" : "incoming";
}

/* We are at fault. */
static sfsistat defer(SMFICTX *ctx, const struct connection *conn,
		      const char *why)
{
	static char code[] = "451", xcode[] = "4.3.0",
		    text[] = "Mail filter has a problem, try again later";

	cm_milter_count_trouble(conn->direction);
	cm_log(CM_LOG_ERROR, "%s: defer %s trouble: %s", queue_id(ctx),
	       direction_word(conn), why);
	(void)smfi_setreply(ctx, code, xcode, text);
	return SMFIS_TEMPFAIL;
}

static sfsistat refuse(SMFICTX *ctx, const struct connection *conn,
		       enum cm_rule rule)
{
	const struct cm_rule_info *info = cm_rule_info(rule);
	char code[12], xcode[12], summary[128], detail[256];

	/* libmilter takes char *, and '%' only doubled; no text of ours has
	 * one. The first line is what clients look at. */
	(void)snprintf(code, sizeof(code), "%d", info->code);
	(void)snprintf(xcode, sizeof(xcode), "%s", info->xcode);
	(void)snprintf(summary, sizeof(summary), "%s", info->summary);
	(void)snprintf(detail, sizeof(detail), "%s: %s", info->name,
		       info->detail);
	if (smfi_setmlreply(ctx, code, xcode, summary, detail, NULL) !=
	    MI_SUCCESS)
		return defer(ctx, conn, "libmilter refused a reply");
	cm_milter_count(conn->direction, rule);
	cm_log(CM_LOG_INFO, "%s: %s %s %s", queue_id(ctx),
	       cm_milter_count_word(rule), direction_word(conn), info->name);
	/* libmilter sends a 4xx only with this */
	return info->code < 500 ? SMFIS_TEMPFAIL : SMFIS_REJECT;
}

/* See cm_inspect_sender_differs(). */
static int reset_sender(SMFICTX *ctx, const struct connection *conn)
{
	static char null_sender[] = "<>";

	if (conn->direction != CM_INCOMING ||
	    !cm_inspect_sender_differs(&conn->inspect))
		return 0;
	return smfi_chgfrom(ctx, null_sender, NULL) == MI_SUCCESS ? 0 : -1;
}

/* Defers when the changes cannot be told, since without them the message
 * would say what it must not. */
static sfsistat accept_message(SMFICTX *ctx, struct connection *conn,
			       const char *reason)
{
	bool lead_space = (conn->steps & SMFIP_HDR_LEADSPC) != 0;

	if (conn->edits.failed)
		return defer(ctx, conn, "out of memory");
	if (reset_sender(ctx, conn) < 0 ||
	    cm_edits_apply(&conn->edits, ctx, lead_space) < 0)
		return defer(ctx, conn, "cannot change a header or the sender");
	cm_milter_count(conn->direction, CM_RULE_NONE);
	cm_log(CM_LOG_INFO, "%s: accept %s %s", queue_id(ctx),
	       direction_word(conn), reason);
	return SMFIS_ACCEPT;
}

/* A verdict becomes a reply, a count and a log line: what the last two say is
 * what Postfix was told. */
static sfsistat deliver_verdict(SMFICTX *ctx, struct connection *conn,
				struct cm_verdict verdict)
{
	if (verdict.action != CM_GATE_ACCEPT)
		return refuse(ctx, conn, verdict.rule);
	cm_edits_finish(&conn->edits, cm_inspect_kind(&conn->inspect),
			cm_inspect_from(&conn->inspect));
	return conn->edits.overflow ? refuse(ctx, conn, CM_RULE_HEADER_COUNT) :
				      accept_message(ctx, conn, verdict.reason);
}

/* Most refusals are certain here. They wait for the end of the message
 * nevertheless: Postfix has all of it before we get the first byte, and an
 * answer here would cost every good message a round trip. */
static sfsistat on_eoh(SMFICTX *ctx)
{
	struct connection *conn = smfi_getpriv(ctx);

	if (!conn->begun) /* no header at all */
		begin_message(conn);
	conn->failed = cm_inspect_eoh(&conn->inspect, &conn->verdict) < 0;
	conn->decided = conn->failed ||
		conn->verdict.action != CM_GATE_PENDING;
	return reply(conn, SMFIP_NR_EOH);
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *data, size_t size)
{
	struct connection *conn = smfi_getpriv(ctx);

	if (!conn->decided)
		cm_inspect_body(&conn->inspect, data, size);
	return reply(conn, SMFIP_NR_BODY);
}

static sfsistat on_eom(SMFICTX *ctx)
{
	struct connection *conn = smfi_getpriv(ctx);
	sfsistat status;

	if (!conn->decided)
		conn->failed = cm_inspect_end(&conn->inspect, macro(ctx, "i"),
					      &conn->verdict) < 0;
	status = conn->failed ? defer(ctx, conn, "no verdict") :
				deliver_verdict(ctx, conn, conn->verdict);
	forget_message(conn);
	return status;
}

static sfsistat on_abort(SMFICTX *ctx)
{
	struct connection *conn = smfi_getpriv(ctx);

	if (conn != NULL)
		forget_message(conn);
	return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
	struct connection *conn = smfi_getpriv(ctx);

	if (conn != NULL) {
		forget_message(conn);
		cm_inspect_deinit(&conn->inspect);
		cm_recipients_deinit(&conn->rcpts);
		cm_edits_deinit(&conn->edits);
		free(conn);
		(void)smfi_setpriv(ctx, NULL);
	}
	return SMFIS_CONTINUE;
}

int cm_milter_register(void)
{
	static char name[] = "chatmail-milter";
	static const struct smfiDesc description = {
		.xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_CHGHDRS | SMFIF_CHGFROM,
		.xxfi_envfrom = on_envfrom,
		.xxfi_envrcpt = on_envrcpt,
		.xxfi_header = on_header,
		.xxfi_eoh = on_eoh,
		.xxfi_body = on_body,
		.xxfi_eom = on_eom,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate
	};

	return smfi_register(description) == MI_SUCCESS ? 0 : -1;
}
