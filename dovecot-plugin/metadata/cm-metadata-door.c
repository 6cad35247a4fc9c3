/* SPDX-License-Identifier: MIT */
#include "cm-dovecot.h"

#include "imap-common.h"
#include "imap-client.h"
#include "ioloop.h"

#include "cm-account-dir.h"
#include "cm-metadata-door.h"
#include "cm-metadata-relay.h"
#include "cm-metadata-user.h"
#include "cm-settings.h"

/* Of the imap program; doveadm has none of them. */
#pragma weak imap_clients
#pragma weak client_disconnect_with_error

/* What cannot be told is open: the auth-worker has looked already. */
static bool is_shut(struct mail_user *user)
{
	const struct cm_settings *set = cm_metadata_settings(user);
	const char *home, *error;
	int mailboxes_fd, fd;
	bool shut = FALSE;

	/* only where the chatmail userdb has its accounts */
	if (set == NULL || mail_user_get_home(user, &home) <= 0 ||
	    strcmp(home, t_strconcat(set->mailboxes_dir, "/", user->username,
				     NULL)) != 0 ||
	    cm_mailboxes_open(set->mailboxes_dir, &mailboxes_fd,
			      &error) != CM_DIR_OK)
		return FALSE;
	if (cm_account_open(mailboxes_fd, user->username, &fd,
			    &error) == CM_DIR_OK) {
		shut = cm_account_has_file(fd, CM_ACCOUNT_FILE_DISABLED,
					   &error) == CM_DIR_OK;
		i_close_fd(&fd);
	}
	i_close_fd(&mailboxes_fd);
	return shut;
}

static void look(struct mail_user *user)
{
	struct cm_metadata_user *muser = cm_metadata_user(user);
	struct client *client;
	bool shut;

	timeout_remove(&muser->to_door);
	T_BEGIN {
		shut = is_shut(user);
	} T_END;
	if (!shut)
		return;
	for (client = imap_clients; client != NULL; client = client->next) {
		if (client->user == user) {
			client_disconnect_with_error(
				client, "Account is blocked.");
			return;
		}
	}
}

/* The user is made before anvil is told; the event loop comes after. */
void cm_metadata_door_init(struct mail_user *user)
{
	if (client_disconnect_with_error != NULL) {
		cm_metadata_user(user)->to_door =
			timeout_add_short(0, look, user);
	}
}

void cm_metadata_door_deinit(struct cm_metadata_user *muser)
{
	timeout_remove(&muser->to_door);
}
