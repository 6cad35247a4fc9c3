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

import { arrive_once, Cores, STATE_OUT_FAILED } from './cores.mjs';
import { check, diag, Suite } from './tap.mjs';

const SUITE_SECONDS = 350;
const MESSAGES = 30;
const ARRIVE_SECONDS = 300;
/** What the policy answers. */
const REFUSED_TEXT = /Too much mail from/;

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
	const begin = Date.now();
	const ids = [];
	for (const text of texts)
		ids.push(await alice.rpc.miscSendTextMessage(alice.id, chat, text));
	await arrive_once(bob, texts, ({ text }) => text, ARRIVE_SECONDS);
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

await cores.run(suite, SUITE_SECONDS);
