/* SPDX-License-Identifier: MIT
 *
 * cm-metadata-none: all other entries. They are not there: reading one gives
 * NIL (RFC 5464, 4.2), setting one is refused, and no dict is asked. So a
 * relay keeps nothing else for clients, whatever mail_attribute_dict says;
 * Dovecot 2.4 wants to see one before it announces METADATA.
 */
#ifndef CM_METADATA_NONE_H
#define CM_METADATA_NONE_H

struct mailbox;

/* For each mailbox that is allocated. */
void cm_metadata_none_init(struct mailbox *box);

#endif
