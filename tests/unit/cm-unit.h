/* SPDX-License-Identifier: MIT
 *
 * cm-unit: one cmocka group per program, with a test for each row of a table.
 *
 *	static const struct row {
 *		const char *name;       must be the first member
 *		...
 *	} rows[] = { ... };
 *	static void parses(void **state)
 *	{
 *		const struct row *row = *state;
 *		...
 *	}
 *	int main(void)
 *	{
 *		cm_unit_rows(parses, rows);
 *		cm_unit_test(something_else);
 *		return cm_unit_run();
 *	}
 *
 * gives "ok 1 - parses: NAME" and so on. More tests than CM_UNIT_MAX, or
 * none, fail the program. Do not use cmocka's skip(): 1.1.5 writes "not ok
 * # SKIP", which counts as a failure; leave the test out of main() instead
 * and say so on stderr.
 */
#ifndef CM_UNIT_H
#define CM_UNIT_H

/* cmocka.h needs these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CM_UNIT_MAX 1000

static struct CMUnitTest cm_unit_tests[CM_UNIT_MAX];
static char cm_unit_names[CM_UNIT_MAX][120];
static size_t cm_unit_count;

/* row is handed to func as *state. */
static inline void cm_unit_add(const char *func_name, const char *row_name,
			       CMUnitTestFunction func, const void *row)
{
	size_t i = cm_unit_count++;
	char *p;

	if (i >= CM_UNIT_MAX) {
		fprintf(stderr, "CM_UNIT_MAX is too small\n");
		exit(1);
	}
	(void)snprintf(cm_unit_names[i], sizeof(cm_unit_names[i]), "%s%s%s",
		       func_name, row_name != NULL ? ": " : "",
		       row_name != NULL ? row_name : "");
	/* TAP reads what follows a '#' as a directive */
	for (p = cm_unit_names[i]; *p != '\0'; p++) {
		if (*p == '#' || *p == '\n')
			*p = '_';
	}
	cm_unit_tests[i].name = cm_unit_names[i];
	cm_unit_tests[i].test_func = func;
	cm_unit_tests[i].initial_state = (void *)(uintptr_t)row;
}

#define cm_unit_test(func) cm_unit_add(#func, NULL, func, NULL)

#define cm_unit_rows(func, rows) \
	do { \
		size_t cm_unit_i; \
		for (cm_unit_i = 0; \
		     cm_unit_i < sizeof(rows) / sizeof((rows)[0]); \
		     cm_unit_i++) \
			cm_unit_add(#func, (rows)[cm_unit_i].name, func, \
				    &(rows)[cm_unit_i]); \
	} while (0)

static inline int cm_unit_run(void)
{
	return cm_unit_count == 0 ? 1 :
		_cmocka_run_group_tests("unit", cm_unit_tests, cm_unit_count,
					NULL, NULL);
}

#endif
