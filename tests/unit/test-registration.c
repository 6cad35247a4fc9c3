/* SPDX-License-Identifier: MIT */
#include "cm-unit.h"
#include "cm-registration.h"
#include "cm-settings.h"

#include <errno.h>
#include <stdbool.h>

#include "account-tree.h"

static struct cm_settings set;
static char state_dir[256], nocreate[256];

static void begin(void)
{
	tree_begin();
	(void)snprintf(state_dir, sizeof(state_dir), "%s/state", tree_path);
	(void)snprintf(nocreate, sizeof(nocreate), "%s/nocreate", tree_path);
	assert_int_equal(mkdirat(tree_fd, "state", 0700), 0);
	memset(&set, 0, sizeof(set));
	set.state_dir = state_dir;
	set.nocreate_file = nocreate;
}

static void expect(int ret, unsigned int why)
{
	const char *error;
	unsigned int got;

	assert_int_equal(cm_registration_closed(&set, &got, &error), ret);
	assert_int_equal(got, why);
}

static void change(bool closed, bool expect_changed)
{
	const char *error;
	bool changed;

	assert_int_equal(cm_registration_set(&set, closed, &changed, &error),
			 0);
	assert_int_equal(changed, expect_changed);
}

static void switches(void **state)
{
	(void)state;
	begin();
	expect(0, CM_REGISTRATION_OPEN);
	change(false, false);
	change(true, true);
	change(true, false);
	expect(1, CM_REGISTRATION_SWITCH);
	assert_true(tree_has("state", CM_REGISTRATION_FILE));
	tree_file("", "nocreate", "", 0);
	expect(1, CM_REGISTRATION_SWITCH | CM_REGISTRATION_NOCREATE);
	change(false, true);
	expect(1, CM_REGISTRATION_NOCREATE);
	assert_true(tree_has(".", "nocreate"));
	set.nocreate_file = "";
	expect(0, CM_REGISTRATION_OPEN);
	assert_int_equal(tree_count("state"), 0);
	tree_end();
}

static void no_state_dir(void **state)
{
	const char *error;

	(void)state;
	begin();
	assert_int_equal(unlinkat(tree_fd, "state", AT_REMOVEDIR), 0);
	expect(0, CM_REGISTRATION_OPEN);
	assert_int_equal(cm_registration_set(&set, true, NULL, &error), -1);
	assert_int_equal(errno, ENOENT);
	tree_end();
}

/* What cannot be looked at is not "open". */
static void no_access(void **state)
{
	char link[256], path[256];
	const char *error;
	unsigned int why;

	(void)state;
	begin();
	(void)snprintf(link, sizeof(link), "%s/loop", tree_path);
	assert_int_equal(symlinkat("loop", tree_fd, "loop"), 0);
	set.nocreate_file = link;
	assert_int_equal(cm_registration_closed(&set, &why, &error), -1);
	assert_int_equal(errno, ELOOP);
	set.nocreate_file = nocreate;
	(void)snprintf(path, sizeof(path), "%s/loop/state", tree_path);
	set.state_dir = path;
	assert_int_equal(cm_registration_closed(&set, &why, &error), -1);
	assert_int_equal(errno, ELOOP);
	tree_end();
}

int main(void)
{
	cm_unit_test(switches);
	cm_unit_test(no_state_dir);
	cm_unit_test(no_access);
	return cm_unit_run();
}
