/* SPDX-License-Identifier: MIT
 *
 * Between cm-settings.c (the file) and cm-settings-value.c (one value).
 */
#ifndef CM_SETTINGS_PRIVATE_H
#define CM_SETTINGS_PRIVATE_H

#include "cm-settings.h"

/* Room for what cm_setting_describe() says. */
#define CM_SETTING_FORM_SIZE 160

static inline void *cm_setting_field(struct cm_settings *set,
				     const struct cm_setting_def *def)
{
	return (char *)set + def->offset;
}

/* Whether the field is a char * that the struct owns. */
bool cm_setting_is_text(enum cm_setting_type type);

/* What a value of this row must look like, for messages: "a number ...". */
void cm_setting_describe(const struct cm_setting_def *def, char *buf,
			 size_t size);

/* Reads value into its field of set: 1 done, 0 not of the form that
 * cm_setting_describe() names (the field is as before), -1 no memory. */
int cm_setting_set(struct cm_settings *set, const struct cm_setting_def *def,
		   const char *value);

/* Replaces a text: 1, or -1 without memory. */
int cm_setting_set_text(char **dest, const char *value);

/* Writes a field as it would stand in the file. */
void cm_setting_print(const struct cm_settings *set,
		      const struct cm_setting_def *def, char *buf,
		      size_t size);

#endif
