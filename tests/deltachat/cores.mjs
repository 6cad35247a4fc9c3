// SPDX-License-Identifier: MIT
//
// The Delta Chat cores of one suite: made on the relay under test, closed
// together at its end, and what most suites begin with: two of them in a
// verified chat.

import path from 'node:path';
import { Core, load_packages } from './core.mjs';
import { dclogin, new_login, relay_from_env } from './relay.mjs';
import { diag, same } from './tap.mjs';

/** SecurejoinInviterProgress and SecurejoinJoinerProgress at the end. */
const PROGRESS_DONE = 1000;

/** The core's message states (dc_msg_get_state). */
export const STATE_OUT_FAILED = 24;
export const STATE_OUT_MDN_RCVD = 28;

export class Cores {
	/**
	 * @param modules the directory that holds node_modules
	 * @param work an empty directory; each core gets a folder in it
	 * @param prefix what this suite's folders begin with, if several share it
	 * The relay comes from the environment (relay.mjs).
	 */
	static async load(modules, work, prefix = '') {
		const cores = new Cores();

		cores.relay = relay_from_env(process.env);
		cores.packages = await load_packages(modules);
		cores.place = (name) => path.join(work, prefix + name);
		cores.all = [];
		return cores;
	}

	/** A core with its own accounts directory, and no account. */
	core(name) {
		const core = new Core(this.packages, this.place(name), name);

		this.all.push(core);
		return core;
	}

	/** A new account: it comes into being by this login. It is online. */
	async account(name, config = {}) {
		const core = this.core(name);

		core.login = new_login(this.relay);
		await core.configure(dclogin(this.relay, core.login),
			{ displayname: name, ...config });
		same(core.addr, core.login.addr, 'address');
		await core.online();
		return core;
	}

	/** alice and bob after SecureJoin, and alice's chat with bob. */
	async pair(config) {
		const alice = await this.account('alice', config);
		const bob = await this.account('bob', config);
		const [contact] = await secure_join(alice, bob);
		const chat = await alice.rpc.createChatByContactId(
			alice.id, contact);

		return { alice, bob, chat };
	}

	async #close() {
		await Promise.all(this.all.map((core) => core.close()));
	}

	#dump() {
		return this.all.flatMap((core) => core.dump());
	}

	/**
	 * Runs the suite and ends this program: exit status 0 if all passed,
	 * else 1. Past SECONDS something hangs, and it is ended.
	 */
	async run(suite, seconds, at_end = () => {}) {
		const late = setTimeout(() => {
			this.#dump().forEach(diag);
			console.log(`Bail out! Not done within ${seconds} s`);
			this.#close().finally(() => process.exit(1));
		}, seconds * 1000);
		const failed = await suite.run(() => this.#dump());

		clearTimeout(late);
		await this.#close();
		at_end();
		process.exit(failed ? 1 : 0);
	}
}

/**
 * JOINER scans INVITER's code, which CHANGE_QR may alter before. Returns what
 * each has for the other: the inviter's contact id of the joiner, then the
 * joiner's of the inviter.
 */
export async function secure_join(inviter, joiner, change_qr = (qr) => qr) {
	const inviter_since = inviter.mark();
	const joiner_since = joiner.mark();
	const match = (event) => event.progress === PROGRESS_DONE;
	const qr = await inviter.rpc.getChatSecurejoinQrCode(inviter.id, null);

	await joiner.rpc.secureJoin(joiner.id, change_qr(qr));
	const [seen_joiner, seen_inviter] = await Promise.all([
		inviter.event('SecurejoinInviterProgress',
			{ since: inviter_since, match }),
		joiner.event('SecurejoinJoinerProgress',
			{ since: joiner_since, match }),
	]);
	return [seen_joiner.contactId, seen_inviter.contactId];
}

/**
 * How often CORE has each message, by what KEY_OF says of it; those of which
 * that is not in WANTED do not count.
 */
export async function count_messages(core, wanted, key_of) {
	const found = new Map();
	const chats = await core.rpc.getChatlistEntries(core.id, null, null, null);

	for (const chat of chats) {
		const ids = await core.rpc.getMessageIds(core.id, chat, false, false);
		const messages = await core.rpc.getMessages(core.id, ids);
		for (const msg of Object.values(messages)) {
			const key = key_of(msg);
			if (wanted.has(key))
				found.set(key, (found.get(key) ?? 0) + 1);
		}
	}
	return found;
}

/** Waits until all of WANTED are there, and checks that each is so once. */
export async function arrive_once(core, wanted, key_of, seconds) {
	const found = await core.until(`${wanted.size} messages`, async () => {
		const now = await count_messages(core, wanted, key_of);
		return now.size === wanted.size && now;
	}, seconds);

	for (const [key, count] of found)
		same(count, 1, `times that "${key}" arrived`);
}
