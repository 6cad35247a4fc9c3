// SPDX-License-Identifier: MIT
//
// How fast two Delta Chat cores chat, on two relays that differ in one thing.
//
//	node bench_chat.mjs MODULES WORK NAME=ENVFILE...
//
// Called by bench_chat.sh. The rounds of all relays are mixed, so that what else
// the machine does meets each alike. Prints the table; exit status 1 if
// anything failed, or with BENCH_CHECK=1 if a goal is missed.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Core, load_packages } from '../deltachat/core.mjs';
import { dclogin, new_login, relay_from_env } from '../deltachat/relay.mjs';

/** Upstream's numbers of runs (chatmail/relay, benchmark.py) but for chat. */
const ONLINE_RUNS = number('BENCH_ONLINE_RUNS', 5);
const BURST_RUNS = number('BENCH_BURST_RUNS', 5);
const BURST = 10;
/** Round trips: as many that a median means something. */
const CHAT_RUNS = number('BENCH_CHAT_RUNS', 20);
const PAUSE_MS = 500;
/**
 * Upstream's too: the core allows itself about a message a second, and sleeps
 * when it has used that up, whatever there is to send (its ratelimit.rs).
 */
const REST_MS = 10000;
/** What a round trip may take on the relay with chatmail_idle, in seconds. */
const GOAL_S = 0.11;
const PROGRESS_DONE = 1000;

function number(name, otherwise) {
	const value = Number(process.env[name] || otherwise);

	if (!(value >= 1 && value <= 1000))
		throw new Error(`${name} must be from 1 to 1000`);
	return Math.round(value);
}

const [modules, work, ...names] = process.argv.slice(2);
const packages = await load_packages(modules);
const cores = [];
const rows = new Map();

/** relay.env is lines of KEY='VALUE'. */
function read_env(file) {
	const env = {};

	for (const [, key, value] of
		readFileSync(file, 'utf8').matchAll(/^(\w+)='(.*)'$/gm))
		env[key] = value;
	return env;
}

const relays = names.map((text) => {
	const [name, file] = text.split('=');

	return { name, ...relay_from_env(read_env(file)) };
});

/**
 * Upstream's dc_autoconfig_and_idle_ready: a new account with the servers
 * given, bcc_self on, until the inbox is being watched. The core's process is
 * there already.
 */
async function online(core, relay) {
	core.login = new_login(relay);
	await core.configure(dclogin(relay, core.login), { bcc_self: '1' });
	await core.online();
}

function new_core(relay, name) {
	const core = new Core(packages,
		path.join(work, `${relay.name}-${name}-${cores.length}`), name);

	cores.push(core);
	return core;
}

/** Waits for the text without asking the core every time anything happens. */
async function arrives(core, text, since) {
	const { chatId, msgId } = await core.event('IncomingMsg', { since });
	const msg = await core.rpc.getMessage(core.id, msgId);

	if (msg.text !== text)
		throw new Error(`${core.name} got "${msg.text}", not "${text}"`);
	return chatId;
}

async function pair(relay) {
	const alice = new_core(relay, 'alice');
	const bob = new_core(relay, 'bob');

	await Promise.all([online(alice, relay), online(bob, relay)]);
	const qr = await alice.rpc.getChatSecurejoinQrCode(alice.id, null);
	const match = (event) => event.progress === PROGRESS_DONE;
	const ends = [
		alice.event('SecurejoinInviterProgress', { match }),
		bob.event('SecurejoinJoinerProgress', { match }),
	];

	await bob.rpc.secureJoin(bob.id, qr);
	const [inviter, joiner] = await Promise.all(ends);
	alice.chat = await alice.rpc.createChatByContactId(
		alice.id, inviter.contactId);
	bob.chat = await bob.rpc.createChatByContactId(
		bob.id, joiner.contactId);
	// what SecureJoin sends at its end has to be through
	await sleep(2000);
	return { alice, bob };
}

let serial = 0;

/** Upstream's dc_ping_pong. */
async function ping_pong({ alice, bob }) {
	const text = `ping ${serial++}`;
	const [at_alice, at_bob] = [alice.mark(), bob.mark()];

	await alice.rpc.miscSendTextMessage(alice.id, alice.chat, text);
	await arrives(bob, text, at_bob);
	await bob.rpc.miscSendTextMessage(bob.id, bob.chat, `re: ${text}`);
	await arrives(alice, `re: ${text}`, at_alice);
}

/** Upstream's dc_send_10_receive_10. */
async function burst({ alice, bob }) {
	let since = bob.mark();

	for (let i = 0; i < BURST; i++)
		await alice.rpc.miscSendTextMessage(alice.id, alice.chat, `hello ${i}`);
	for (let i = 0; i < BURST; i++) {
		await bob.event('IncomingMsg', { since });
		while (bob.events[since].kind !== 'IncomingMsg')
			since++;
		since++;
	}
}

/**
 * Runs FUNC(relay) RUNS times per relay, in turn, and keeps the seconds; a
 * pause before each, and a rest before each round of all relays.
 */
async function measure(title, runs, func, { pause = 0, rest = 0 } = {}) {
	const times = new Map(relays.map(({ name }) => [name, []]));

	for (let i = 0; i < runs; i++) {
		await sleep(rest);
		for (const relay of i % 2 ? [...relays].reverse() : relays) {
			if (pause)
				await sleep(pause);
			const begin = performance.now();
			const seconds = await func(relay);

			times.get(relay.name).push(
				seconds ?? (performance.now() - begin) / 1000);
		}
	}
	print_rows(title, times);
}

function print_rows(title, times) {
	rows.set(title, times);
	for (const [name, list] of times) {
		const sorted = [...list].sort((a, b) => a - b);
		const shown = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)];

		console.log([title.padEnd(30), name.padEnd(20),
			...shown.map((s) => s.toFixed(3).padStart(8))].join(' '));
	}
}

/** Steps of a message by what the cores say of them, sender's and receiver's. */
const STEPS = [
	['MAIL to 250', 'sender', /Try number \d+ to send/],
	['250 to EXISTS', 'sender', /SMTP-sent to/],
	['EXISTS to body', 'receiver', /Idle has NewData/],
	['body to IncomingMsg (core)', 'receiver', /Passing message UID/],
	[null, 'receiver', /Successfully received \d+ UIDs/],
];

/**
 * Where the time of the messages since MARKS went. Only messages of which
 * each step is found in its order count, so a core that says it in other
 * words has no rows here.
 */
function print_steps() {
	const steps = new Map(STEPS.slice(0, -1).map(([title]) => [
		`  ${title}`, new Map(relays.map(({ name }) => [name, []]))]));

	for (const { name, pair, marks } of relays) {
		const { alice, bob } = pair;
		const said = new Map([alice, bob].map((core) => [core, STEPS.map(
			([, , pattern]) => core.events.slice(marks.get(core)).filter(
				({ msg }) => pattern.test(msg)).map(({ time }) => time))]));

		for (const [sender, receiver] of [[alice, bob], [bob, alice]]) {
			const [tries, sent] = said.get(sender);
			const seen = said.get(receiver);

			for (const accepted of sent) {
				const times = [tries.findLast((t) => t <= accepted),
					accepted];
				// events of two processes: a few ms may be lost
				for (let i = 2; i < STEPS.length; i++)
					times.push(seen[i].find((t) => t >= times[i - 1] - 5));
				if (times.includes(undefined) ||
					times.at(-1) - accepted > PAUSE_MS * 2)
					continue;
				[...steps.values()].forEach((row, i) => row.get(name).push(
					Math.max(0, times[i + 1] - times[i]) / 1000));
			}
		}
	}
	for (const [title, times] of steps) {
		if ([...times.values()].every((list) => list.length))
			print_rows(title, times);
	}
}

function median(title, name) {
	const list = [...rows.get(title).get(name)].sort((a, b) => a - b);

	return list[list.length >> 1];
}

async function main() {
	const info = await new_core(relays[0], 'nobody').rpc.getSystemInfo();

	console.log(`Delta Chat core ${info.deltachat_core_version}; seconds`);
	console.log(['what'.padEnd(30), 'relay'.padEnd(20),
		...['median', 'min', 'max'].map((s) => s.padStart(8))].join(' '));
	// Starting the process is no part of it.
	await measure('dc_autoconfig_and_idle_ready', ONLINE_RUNS,
		async (relay) => {
			const core = new_core(relay, 'newcomer');

			await core.rpc.getSystemInfo();
			const begin = performance.now();
			await online(core, relay);
			const seconds = (performance.now() - begin) / 1000;
			await core.close();
			return seconds;
		});
	for (const relay of relays) {
		relay.pair = await pair(relay);
		// caches, connections
		await ping_pong(relay.pair);
	}
	for (const relay of relays) {
		relay.marks = new Map(Object.values(relay.pair).map((core) =>
			[core, core.mark()]));
	}
	await measure('dc_ping_pong', CHAT_RUNS,
		({ pair }) => ping_pong(pair));
	await measure(`dc_ping_pong, ${PAUSE_MS / 1000} s apart`, CHAT_RUNS,
		({ pair }) => ping_pong(pair), { pause: PAUSE_MS });
	print_steps();
	await measure('dc_send_10_receive_10', BURST_RUNS,
		({ pair }) => burst(pair), { rest: REST_MS });
	return check_goals();
}

/** The last relay is the one that has to be fast. */
function check_goals() {
	const { name } = relays.at(-1);
	const missed = [...rows.keys()].filter((title) =>
		title.startsWith('dc_ping_pong') && median(title, name) > GOAL_S);

	for (const title of missed)
		console.log(`goal missed: ${title}, ${name}: median over ${GOAL_S} s`);
	if (!missed.length)
		console.log(`goal met: ${name}, median of dc_ping_pong <= ${GOAL_S} s`);
	return missed.length && process.env.BENCH_CHECK === '1' ? 1 : 0;
}

let status = 1;
try {
	status = await main();
} catch (err) {
	console.error(`bench_chat: ${err.message}`);
	for (const core of cores)
		core.dump().slice(-10).forEach((line) => console.error(line));
}
await Promise.all(cores.map((core) => core.close()));
process.exit(status);
