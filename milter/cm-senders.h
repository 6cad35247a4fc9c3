/* SPDX-License-Identifier: MIT
 *
 * cm-senders: may the one whom the From header names send to us? By the rules
 * of lib/cm-federation, which chatmail-policy(8) keeps for the envelope sender;
 * but that one is anybody's choice, while From is what DKIM vouches for.
 */
#ifndef CM_SENDERS_H
#define CM_SENDERS_H

struct cm_settings;

/* 1; 0: no; -1 if the rules cannot be read and policy_on_block_failure says
 * "defer", *error_r a constant text and errno the reason. The file is looked at
 * each time and read when it changed. For any thread. */
int cm_senders_may_send(const struct cm_settings *set, const char *from,
			const char **error_r);

/* Forgets the rules; they are read again when somebody asks. */
void cm_senders_unload(void);

#endif
