/* SPDX-License-Identifier: MIT
 *
 * `doveadm chatmail report`: walks all directories and sums up (cm-report.h).
 * Opens no mailbox. What is not ours, such as another passdb's accounts,
 * counts as storage, as with chatmail/relay.
 */
#include "cm-doveadm-cmds.h"

#include "cm-account-edit.h"
#include "cm-account-info.h"
#include "cm-account-scan.h"
#include "cm-doveadm-relay.h"
#include "cm-io.h"
#include "cm-report.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Its name in a directory that the admin gives; chatmail/relay's. */
#define TEXTFILE_NAME "fsreport.prom"
#define SDBOX_DIR "dbox-Mails"
#define SDBOX_PREFIX "u."

/* Maildir, or a message of sdbox. */
static bool is_message(const struct cm_scan_file *file)
{
	size_t len = strlen(file->folder), dir_len = strlen(SDBOX_DIR);

	return *file->sub != '\0' ||
		(len > dir_len && file->folder[len - dir_len - 1] == '/' &&
		 strcmp(file->folder + len - dir_len, SDBOX_DIR) == 0 &&
		 strncmp(file->name, SDBOX_PREFIX, strlen(SDBOX_PREFIX)) == 0);
}

static bool add_file(void *ctx, const struct cm_scan_file *file)
{
	struct cm_report *report = ctx;
	struct stat st;

	if (fstatat(file->dir_fd, file->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return TRUE; /* gone */
	if (is_message(file))
		cm_report_message(report, (uint64_t)st.st_size);
	else
		cm_report_extra(report, (uint64_t)st.st_size);
	return TRUE;
}

static void add_account(struct cm_report *report, int fd, const char *name)
{
	struct cm_scan_facts facts;
	enum cm_dir_result result;
	const char *error = "";
	time_t last = 0;

	/* A damaged account.json costs us nothing but that. */
	result = cm_account_exists(fd, &last, &error);
	if (result == CM_DIR_OK)
		(void)cm_account_last_login(fd, &last, &error);
	cm_report_account(report, name, result == CM_DIR_OK, last);
	result = cm_account_scan(fd, add_file, report, &facts, &error);
	if (result != CM_DIR_OK)
		(void)cm_doveadm_trouble(result, error);
}

static void walk(struct cm_doveadm_relay *relay, struct cm_report *report)
{
	struct cm_account_iter *iter = NULL;
	enum cm_dir_result result;
	const char *name, *error;
	int fd;

	result = cm_account_iter_init(&relay->set, relay->mailboxes_fd, &iter,
				      &error);
	if (result == CM_DIR_OK)
		cm_account_iter_everything(iter);
	while (result == CM_DIR_OK) {
		result = cm_account_iter_next(iter, &name, &error);
		if (result != CM_DIR_OK || strchr(name, '@') == NULL ||
		    cm_account_open(relay->mailboxes_fd, name, &fd,
				    &error) != CM_DIR_OK)
			continue;
		T_BEGIN {
			add_account(report, fd, name);
		} T_END;
		i_close_fd(&fd);
	}
	if (result != CM_DIR_UNKNOWN)
		(void)cm_doveadm_trouble(result, error);
	cm_account_iter_deinit(&iter);
}

static const char *readable_bytes(double size)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	unsigned int i = 0;

	while (size >= 1000 && i + 1 < N_ELEMENTS(units)) {
		size /= 1000;
		i++;
	}
	return t_strdup_printf(i == 0 ? "%.0f %s" : "%.1f %s", size, units[i]);
}

/* "1.5 MB", "12.3 %" of the whole, or both, for people. */
static const char *readable(const struct cm_report_value *value)
{
	const char *bytes = value->bytes ?
		readable_bytes((double)value->value) : "";

	if (value->whole == 0)
		return bytes;
	return t_strdup_printf("%s%s%.1f %%", bytes, value->bytes ? ", " : "",
			       100.0 * (double)value->value /
			       (double)value->whole);
}

static void print_table(const struct cm_report *report)
{
	struct cm_report_value value;
	unsigned int i;

	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header("metric", "metric",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_print_header("label", "label",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_print_header("value", "value",
			     DOVEADM_PRINT_HEADER_FLAG_RIGHT_JUSTIFY |
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_print_header("readable", "readable",
			     DOVEADM_PRINT_HEADER_FLAG_RIGHT_JUSTIFY |
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	for (i = 0; cm_report_value(report, i, &value); i++) T_BEGIN {
		doveadm_print(value.metric);
		doveadm_print(t_strdup_printf("%s=%s", value.label,
					      value.label_value));
		doveadm_print(t_strdup_printf("%"PRIu64, value.value));
		doveadm_print(readable(&value));
	} T_END;
}

static int write_temp(const char *temp, const char *text, size_t len)
{
	int fd;

	(void)unlink(temp); /* a process with our pid has left it */
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;
	/* whatever our umask is: another user's exporter reads it */
	if (cm_write_all(fd, text, len) < 0 || fchmod(fd, 0644) < 0) {
		cm_close_keep_errno(fd);
		return -1;
	}
	return close(fd);
}

/* Who reads it meanwhile sees the old one or the new one. */
static void write_textfile(const struct cm_report *report, const char *path)
{
	char text[CM_REPORT_MAX_TEXT];
	size_t len = cm_report_text(report, text);
	const char *temp;
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		path = t_strconcat(path, "/"TEXTFILE_NAME, NULL);
	/* no name that an exporter takes: they read *.prom */
	temp = t_strdup_printf("%s.%ld.tmp", path, (long)getpid());
	if (write_temp(temp, text, len) < 0 || rename(temp, path) < 0) {
		i_error("cannot write %s: %m", path);
		(void)unlink(temp);
		cm_doveadm_exit(EX_CANTCREAT);
	}
}

void cm_doveadm_report(struct doveadm_cmd_context *cctx)
{
	struct cm_doveadm_relay relay;
	struct cm_report report;
	const char *path = NULL;

	/* would be a way to write over any file of this machine */
	if (doveadm_cmd_param_str(cctx, "textfile", &path) &&
	    cctx->conn_type != DOVEADM_CONNECTION_TYPE_CLI) {
		cm_doveadm_usage(cctx, "textfile is for the command line only");
		return;
	}
	if (!cm_doveadm_relay_open_mailboxes(cctx, &relay))
		return;
	cm_report_init(&report, time(NULL));
	walk(&relay, &report);
	if (path != NULL)
		write_textfile(&report, path);
	else
		print_table(&report);
	cm_doveadm_relay_close(&relay);
}
