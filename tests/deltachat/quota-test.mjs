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
import { arrive_once, Cores } from './cores.mjs';
import { check, diag, Suite } from './tap.mjs';

const SUITE_SECONDS = 230;
const ROUNDS = 4;
const MESSAGES = 16;
/** Characters of one message; it is not compressible. */
const LENGTH = 4000;
const ARRIVE_SECONDS = 60;
/** What `run` gives the relay. */
const QUOTA = 256 * 1024;

const [modules, work] = process.argv.slice(2);
const cores = await Cores.load(modules, work, 'quota-');
const suite = new Suite();
let have = {};

suite.add('two accounts in a verified chat', [], async () => {
	have = await cores.pair();
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
		await arrive_once(bob, wanted,
			({ text }) => text?.split(':')[0], ARRIVE_SECONDS);
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

await cores.run(suite, SUITE_SECONDS);
