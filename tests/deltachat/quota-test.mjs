// SPDX-License-Identifier: MIT
//
// A mailbox that gets full while its owner receives: messages are trimmed on
// the relay, and the core gets every one of them, once, all the same.
//
//	node quota-test.mjs MODULES WORK
//
// As chat-test.mjs. `run` starts the relay with a small quota and without an
// age that protects messages. The receiver keeps messages on the relay, as
// with a second device; by itself a core deletes what it has fetched.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Core, load_packages } from './core.mjs';
import { dclogin, new_login, relay_from_env } from './relay.mjs';
import { check, diag, same, Suite } from './tap.mjs';

const SUITE_SECONDS = 230;
const ROUNDS = 4;
const MESSAGES = 16;
/** Characters of one message; it is not compressible. */
const LENGTH = 4000;
const ARRIVE_SECONDS = 60;
const PROGRESS_DONE = 1000;
/** What `run` gives the relay. */
const QUOTA = 256 * 1024;

const [modules, work] = process.argv.slice(2);
const relay = relay_from_env(process.env);
const packages = await load_packages(modules);
const suite = new Suite();
const cores = [];
const have = {};

async function new_account(name) {
	const core = new Core(packages, path.join(work, `quota-${name}`), name);

	cores.push(core);
	core.login = new_login(relay);
	await core.configure(dclogin(relay, core.login), { displayname: name });
	await core.online();
	return core;
}

suite.add('two accounts in a verified chat', [], async () => {
	const alice = await new_account('alice');
	const bob = await new_account('bob');
	const since = alice.mark();
	const joiner_since = bob.mark();
	const qr = await alice.rpc.getChatSecurejoinQrCode(alice.id, null);
	const match = (event) => event.progress === PROGRESS_DONE;

	await bob.rpc.secureJoin(bob.id, qr);
	const seen = await alice.event('SecurejoinInviterProgress',
		{ since, match });
	await bob.event('SecurejoinJoinerProgress',
		{ since: joiner_since, match });
	have.chat = await alice.rpc.createChatByContactId(
		alice.id, seen.contactId);
	Object.assign(have, { alice, bob });
});

/** In words: the core cuts a long text behind one. */
function filling() {
	return randomBytes(LENGTH).toString('base64').slice(0, LENGTH)
		.replace(/.{60}/g, '$& ');
}

/** Bytes of messages in bob's folder on the relay, and how many. */
function on_relay(login) {
	const home = path.join(process.env.RELAY_MAILBOXES, login.addr);
	const files = ['cur', 'new'].flatMap((dir) => {
		const all = path.join(home, dir);
		return fs.readdirSync(all).map((name) => path.join(all, name));
	});
	const sizes = files.map((file) => {
		try {
			return fs.statSync(file).size;
		} catch {
			return 0; // trimmed meanwhile
		}
	});

	return { bytes: sizes.reduce((a, b) => a + b, 0), count: files.length };
}

async function counts(core, wanted) {
	const found = new Map();
	const chats = await core.rpc.getChatlistEntries(
		core.id, null, null, null);

	for (const entry of chats) {
		const list = await core.rpc.getMessageIds(
			core.id, entry, false, false);
		for (const msg of Object.values(
			await core.rpc.getMessages(core.id, list))) {
			const begin = msg.text?.split(':')[0];
			if (wanted.has(begin))
				found.set(begin, (found.get(begin) ?? 0) + 1);
		}
	}
	return found;
}

suite.add(`${ROUNDS * MESSAGES} messages into a mailbox for fewer: all arrive`,
	['two accounts in a verified chat'], async () => {
	const { alice, bob, chat } = have;
	const wanted = new Set();
	let most = 0;

	await bob.rpc.setConfig(bob.id, 'bcc_self', '1');
	for (let round = 0; round < ROUNDS; round++) {
		for (let n = 0; n < MESSAGES; n++) {
			const begin = `r${round}n${n}`;
			wanted.add(begin);
			await alice.rpc.miscSendTextMessage(alice.id, chat,
				`${begin}: ${filling()}`);
		}
		const found = await bob.until(`${wanted.size} messages`,
			async () => {
				const now = await counts(bob, wanted);
				return now.size === wanted.size && now;
			}, ARRIVE_SECONDS);
		for (const [begin, count] of found)
			same(count, 1, `times that "${begin}" arrived`);
		const { bytes, count } = on_relay(bob.login);
		diag(`${count} messages, ${bytes} bytes on the relay`);
		most = Math.max(most, count);
		check(bytes <= QUOTA, 'more than the quota is in use');
	}
	// else the relay had room for all, and this showed nothing
	check(most > 2, 'the messages were not kept');
	check(on_relay(bob.login).count < wanted.size, 'nothing was trimmed');
});

suite.add('the full mailbox can still send, and its owner is answered',
	[`${ROUNDS * MESSAGES} messages into a mailbox for fewer: all arrive`],
	async () => {
	const { alice, bob } = have;
	const chat = await bob.rpc.createChatByContactId(bob.id,
		await bob.rpc.lookupContactIdByAddr(bob.id, alice.login.addr));

	await bob.rpc.miscSendTextMessage(bob.id, chat, 'still here');
	await alice.message('an answer', (msg) => msg.text === 'still here');
});

async function close_all() {
	await Promise.all(cores.map((core) => core.close()));
}

const late = setTimeout(() => {
	for (const core of cores)
		core.dump().forEach(diag);
	console.log(`Bail out! Not done within ${SUITE_SECONDS} s`);
	close_all().finally(() => process.exit(1));
}, SUITE_SECONDS * 1000);
const failed = await suite.run(() => cores.flatMap((core) => core.dump()));
clearTimeout(late);
await close_all();
process.exit(failed ? 1 : 0);
