/* SPDX-License-Identifier: MIT
 *
 * Between cm-token.c (find), cm-token-use.c (count) and cm-token-edit.c
 * (the admin).
 */
#ifndef CM_TOKEN_PRIVATE_H
#define CM_TOKEN_PRIVATE_H

#include "cm-token.h"

/* "NN" */
#define CM_TOKEN_LENGTH_SIZE 3
/* hex and suffix */
#define CM_TOKEN_USES_SUFFIX ".used"
#define CM_TOKEN_USES_SIZE (CM_STATE_NAME_LEN + sizeof(CM_TOKEN_USES_SUFFIX))

void cm_token_length_name(size_t length, char name_r[CM_TOKEN_LENGTH_SIZE]);
/* 0: not the name of such a folder */
size_t cm_token_length_parse(const char *name);

void cm_token_uses_name(const char *id, char name_r[CM_TOKEN_USES_SIZE]);

/* The keyed name of a secret. */
void cm_token_id(const struct cm_tokens *tokens, const char *secret,
		 size_t length, char id_r[CM_STATE_NAME_LEN + 1]);

/* Reads the file `id` of the folder length_fd; sets all but used, length and
 * id. */
enum cm_dir_result cm_token_read(int length_fd, const char *id,
				 struct cm_token *token_r,
				 const char **error_r);

/* How many uses are in the file, without waiting for who uses it now. */
enum cm_dir_result cm_token_used(int length_fd, const char *id,
				 unsigned int *used_r, const char **error_r);

#endif
