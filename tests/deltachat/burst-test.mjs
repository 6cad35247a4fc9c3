// SPDX-License-Identifier: MIT
//
// A Delta Chat core that has more to say than its relay lets through at once:
// every message arrives, once, a little later.
//
//	node burst-test.mjs MODULES WORK
//
// As chat-test.mjs. The relay has the default rate: 10 messages at once, then
// one a second. The core takes a 450 for "not now" and tries again after half
// a minute, then one, then two, so this takes two minutes or three.
//
// It is offline while it gets the messages, as a phone may be: online, each new
// one makes it try the oldest again at once, and it gives up a message at the
// seventh try (src/smtp.rs). How many tries a second has is up to the machine.

import { arrive_once, Cores, STATE_OUT_FAILED } from './cores.mjs';
import { check, diag, Suite } from './tap.mjs';

const MESSAGES = 30;
/** max_user_send_burst_size, and a second for each one more. */
const BURST = 10;
/** The core waits for 30 s, then for 1.5 to 2 times as long as before: this is
 * four times the longest. */
const ARRIVE_SECONDS = 450 + 30;
const SUITE_SECONDS = ARRIVE_SECONDS + 60;
/** What the policy answers. */
const REFUSED_TEXT = /failed to send.*Too much mail from/;

const [modules, work] = process.argv.slice(2);
const cores = await Cores.load(modules, work, 'burst-');
const suite = new Suite();
let have = {};

suite.add('two accounts in a verified chat', [], async () => {
	have = await cores.pair();
});

suite.add(`${MESSAGES} messages in a row: all arrive, each once`,
	['two accounts in a verified chat'], async () => {
	const { alice, bob, chat } = have;
	const texts = new Set(
		[...Array(MESSAGES).keys()].map((n) => `number ${n}.`));
	const ids = [];
	await alice.rpc.stopIo(alice.id);
	for (const text of texts)
		ids.push(await alice.rpc.miscSendTextMessage(alice.id, chat, text));
	const begin = Date.now();
	await alice.rpc.startIo(alice.id);
	await arrive_once(bob, texts, ({ text }) => text, ARRIVE_SECONDS);
	for (const id of ids) {
		const { state } = await alice.rpc.getMessage(alice.id, id);
		check(state !== STATE_OUT_FAILED, 'a message counts as failed');
	}
	const seconds = (Date.now() - begin) / 1000;
	diag(`all there after ${Math.round(seconds)} s`);
	const refused = alice.events.filter(({ msg }) => REFUSED_TEXT.test(msg));
	diag(`the core met ${refused.length} refusals`);
	// else the relay had no limit, or the core was slower than that
	check(refused.length > 0 || seconds >= MESSAGES - BURST,
		'nothing was refused');
	diag(refused[0]?.msg ?? 'the core was too slow to be refused');
});

await cores.run(suite, SUITE_SECONDS);
