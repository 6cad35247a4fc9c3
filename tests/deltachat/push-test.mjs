// SPDX-License-Identifier: MIT
//
// Two Delta Chat cores chat through the relay: the notification proxy hears of
// each message once, from its recipient's token, and of nothing that a core
// sends to itself.
//
//	node push-test.mjs MODULES WORK
//
// As chat-test.mjs. The relay's notify_url is https://localhost:$NOTIFY_PORT/,
// where this program stands in for the proxy, with the relay's certificate.
// The JSON-RPC of the core cannot be given a device token (2.x: only the C
// API can), so tokens are set by the command that the core sends
// (src/imap.rs, register_token).

import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import tls from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { deadline } from './core.mjs';
import { Cores, secure_join } from './cores.mjs';
import { check, same, Suite } from './tap.mjs';

const SUITE_SECONDS = 300;
const IMAP_SECONDS = 20;
const NOTICE_SECONDS = 45;
/** After so long without a notice there is none on its way. */
const QUIET_MS = 2000;
const POLL_MS = 50;
const MESSAGES = 5;

const [modules, work] = process.argv.slice(2);
const cores = await Cores.load(modules, work, 'push-');
const { relay } = cores;
const suite = new Suite();
const have = {};
/** The tokens that the proxy was asked to tell, in that order. */
let told = [];

function start_proxy() {
	const dir = path.join(process.env.RELAY_DIR, 'tls');
	const server = https.createServer({
		cert: fs.readFileSync(path.join(dir, 'fullchain.pem')),
		key: fs.readFileSync(path.join(dir, 'privkey.pem')),
	}, (request, response) => {
		let body = '';

		request.on('data', (data) => { body += data; });
		request.on('end', () => {
			told.push(`${request.method} ${request.url} ${body}`);
			response.end();
		});
	});

	return new Promise((resolve, reject) => {
		server.on('error', reject);
		server.listen(process.env.NOTIFY_PORT, '127.0.0.1',
			() => resolve(server));
	});
}

/** A token as the core makes it: 840 bytes of OpenPGP in base64. */
function token_of(name) {
	return `openpgp:${Buffer.from(name.padEnd(630, '.')).toString('base64')}`;
}

/** What is expected in `told`. */
function notice(name) {
	return `POST /notify ${token_of(name)}`;
}

/** One IMAP session: these commands, each answered by OK. */
function imap(login, commands) {
	const socket = tls.connect({
		host: relay.host, port: relay.imaps, rejectUnauthorized: false });
	const todo = [`LOGIN "${login.addr}" "${login.password}"`, ...commands,
		'LOGOUT'];
	let input = '';
	let sent = 0;

	const done = new Promise((resolve, reject) => {
		const next = () => socket.write(`t${++sent} ${todo[sent - 1]}\r\n`);

		socket.on('error', reject);
		socket.on('close', () => reject(new Error(`IMAP closed: ${input}`)));
		socket.on('data', (data) => {
			input += data;
			const lines = input.split('\r\n');

			input = lines.pop();
			for (const line of lines) {
				if (sent === 0 && line.startsWith('* OK'))
					next();
				else if (line.startsWith(`t${sent} OK`)) {
					if (sent === todo.length)
						return resolve();
					next();
				} else if (line.startsWith(`t${sent} `))
					return reject(new Error(line));
			}
		});
	});
	return deadline(done, IMAP_SECONDS, 'IMAP').finally(() =>
		socket.destroy());
}

/** Waits until LOOK() holds. */
async function until(what, look) {
	const end = Date.now() + NOTICE_SECONDS * 1000;

	while (!look()) {
		check(Date.now() < end, `${what}: not within ${NOTICE_SECONDS} s; ` +
			`told:\n${told.join('\n')}`);
		await sleep(POLL_MS);
	}
}

/** Is there a notice that chatmail-push has not done with? */
function waiting() {
	const spool = path.join(process.env.RELAY_DIR, 'state', 'push');

	return ['new', 'queue'].some((name) =>
		fs.readdirSync(path.join(spool, name)).length > 0);
}

/** Until nothing more comes. */
async function quiet() {
	let seen;

	do {
		seen = told.length;
		await sleep(QUIET_MS);
	} while (told.length !== seen || waiting());
}

/** Forgets what was told, once nothing more comes. */
async function forget() {
	await quiet();
	told = [];
}

/** From now on, exactly these were told, in this order. */
async function told_only(...names) {
	await until(`${names.length} notices`, () => told.length >= names.length);
	await quiet();
	same(told.join('\n'), names.map(notice).join('\n'), 'told');
}

/** Sends TEXT, waits until the other core has it. */
async function say(from, chat, to, text) {
	await from.rpc.miscSendTextMessage(from.id, chat, text);
	return to.message(text, (msg) => msg.text === text);
}

suite.add('two accounts with a token each, in a verified chat', [], async () => {
	// so that its own messages come to its mailbox, too
	const accounts = [];
	for (const name of ['alice', 'bob']) {
		const core = await cores.account(name, { bcc_self: '1' });
		await imap(core.login, ['SETMETADATA "INBOX" ' +
			`(/private/devicetoken "${token_of(name)}")`]);
		accounts.push(core);
	}
	const [alice, bob] = accounts;
	const [contact] = await secure_join(alice, bob);

	have.chat = await alice.rpc.createChatByContactId(alice.id, contact);
	for (const name of ['alice', 'bob'])
		await until(`a notice for ${name}`, () =>
			told.includes(notice(name)));
	Object.assign(have, { alice, bob });
});

suite.add('a message: the token of its recipient, once, and no other',
	['two accounts with a token each, in a verified chat'], async () => {
	const { alice, bob, chat } = have;

	await forget();
	const msg = await say(alice, chat, bob, 'for bob');
	await told_only('bob');
	have.answer_chat = msg.chatId;
});

suite.add('the answer: the other token, once', [
	'a message: the token of its recipient, once, and no other'], async () => {
	const { alice, bob } = have;

	await bob.rpc.acceptChat(bob.id, have.answer_chat);
	await forget();
	await say(bob, have.answer_chat, alice, 'for alice');
	await told_only('alice');
});

suite.add(`${MESSAGES} messages: ${MESSAGES} notices`, [
	'a message: the token of its recipient, once, and no other'], async () => {
	const { alice, bob, chat } = have;

	await forget();
	for (let i = 0; i < MESSAGES; i++) {
		await say(alice, chat, bob, `number ${i}.`);
		// two that come while a notice is on its way are one
		await until(`notice ${i}`, () => told.length > i && !waiting());
	}
	await told_only(...Array(MESSAGES).fill('bob'));
});

suite.add('a note to oneself: nobody', [
	'two accounts with a token each, in a verified chat'], async () => {
	const { alice } = have;

	const self_chat = await alice.rpc.createChatByContactId(alice.id, 1);
	await forget();
	const since = alice.mark();
	await alice.rpc.miscSendTextMessage(alice.id, self_chat, 'note');
	await alice.event('SmtpMessageSent', { since });
	await told_only();
});

if (!process.env.NOTIFY_PORT) {
	console.log('1..0 # SKIP the relay has to have this notify_url: ' +
		'let tests/deltachat/run start it');
	process.exit(0);
}
const proxy = await start_proxy();
await cores.run(suite, SUITE_SECONDS, () => proxy.close());
