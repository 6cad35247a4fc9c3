// SPDX-License-Identifier: MIT
//
// A Delta Chat core that has more to say than its relay lets through at once:
// every message arrives, once, a little later.
//
//	node burst-test.mjs MODULES WORK
//
// As chat-test.mjs. The relay has the default rate: 10 messages at once, then
// one a second. The core takes a 450 for "not now" and tries again after half
// a minute or more, so this takes one or two minutes.

import path from 'node:path';
import { Core, load_packages } from './core.mjs';
import { dclogin, new_login, relay_from_env } from './relay.mjs';
import { check, diag, same, Suite } from './tap.mjs';

const SUITE_SECONDS = 350;
const MESSAGES = 30;
const ARRIVE_SECONDS = 300;
/** What the policy answers. */
const REFUSED_TEXT = /Too much mail from/;
const PROGRESS_DONE = 1000;
/** The core's message state. */
const STATE_OUT_FAILED = 24;

const [modules, work] = process.argv.slice(2);
const relay = relay_from_env(process.env);
const packages = await load_packages(modules);
const suite = new Suite();
const cores = [];
const have = {};

async function new_account(name) {
	const core = new Core(packages, path.join(work, `burst-${name}`), name);

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

suite.add(`${MESSAGES} messages in a row: all arrive, each once`,
	['two accounts in a verified chat'], async () => {
	const { alice, bob, chat } = have;
	const texts = [...Array(MESSAGES).keys()].map((n) => `number ${n}.`);
	const begin = Date.now();
	const ids = [];
	const counts = async () => {
		const found = new Map();
		const chats = await bob.rpc.getChatlistEntries(
			bob.id, null, null, null);
		for (const entry of chats) {
			const list = await bob.rpc.getMessageIds(
				bob.id, entry, false, false);
			for (const msg of Object.values(
				await bob.rpc.getMessages(bob.id, list))) {
				if (texts.includes(msg.text))
					found.set(msg.text, (found.get(msg.text) ?? 0) + 1);
			}
		}
		return found;
	};

	for (const text of texts)
		ids.push(await alice.rpc.miscSendTextMessage(alice.id, chat, text));
	const found = await bob.until(`${MESSAGES} messages`, async () => {
		const now = await counts();
		return now.size === MESSAGES && now;
	}, ARRIVE_SECONDS);
	for (const [text, count] of found)
		same(count, 1, `times that "${text}" arrived`);
	for (const id of ids) {
		const { state } = await alice.rpc.getMessage(alice.id, id);
		check(state !== STATE_OUT_FAILED, 'a message counts as failed');
	}
	diag(`all there after ${Math.round((Date.now() - begin) / 1000)} s`);
	const refused = alice.events.filter(({ msg }) => REFUSED_TEXT.test(msg));
	diag(`the core met ${refused.length} refusals`);
	// else the relay had no limit, and this showed nothing
	check(refused.length > 0, 'nothing was refused');
	diag(refused[0].msg);
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
