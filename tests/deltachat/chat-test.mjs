// SPDX-License-Identifier: MIT
//
// Three Delta Chat cores chat through the relay under test.
//
//	node chat-test.mjs MODULES WORK
//
// MODULES holds node_modules, WORK is an empty directory; the relay comes from
// the environment (relay.mjs). Exit status 0 if all passed, else 1.

import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { add_call_tests } from './calls.mjs';
import {
	Cores, secure_join, STATE_OUT_FAILED, STATE_OUT_MDN_RCVD,
} from './cores.mjs';
import { dclogin } from './relay.mjs';
import { check, diag, same, Suite } from './tap.mjs';

/** The whole takes half a minute; past this something hangs. */
const SUITE_SECONDS = 300;
/** Big enough for OpenPGP partial lengths and for two mails. */
const FILE_BYTES = 5 * 1024 * 1024;
const FILE_SECONDS = 60;
/** A refusal comes in the SMTP dialogue, not from a retry 30 s later. */
const REFUSED_SECONDS = 25;
/** What the gate answers; the core looks for the second half of it. */
const REFUSED_TEXT = /Encryption Needed: Invalid Unencrypted Mail/i;

const [modules, work] = process.argv.slice(2);
const cores = await Cores.load(modules, work);
const { relay } = cores;
const suite = new Suite();
/** What one test leaves for the next. */
const have = {};

/** JOINER scans INVITER's code; both must call the other verified then. */
async function verified_join(inviter, joiner, change_qr) {
	const ids = await secure_join(inviter, joiner, change_qr);

	await check_verified(inviter, ids[0], joiner);
	await check_verified(joiner, ids[1], inviter);
	return ids;
}

async function check_verified(core, contact_id, other) {
	const contact = await core.rpc.getContact(core.id, contact_id);

	same(contact.address, other.addr, `${core.name}: contact's address`);
	check(contact.isVerified, `${core.name}: ${other.name} is not verified`);
	check(contact.e2eeAvail, `${core.name}: no encryption to ${other.name}`);
}

/** Sends TEXT and returns the message's id. */
function send_text(core, chat, text) {
	return core.rpc.miscSendTextMessage(core.id, chat, text);
}

/** Waits for TEXT, which has to come encrypted and signed from FROM. */
async function receive_text(core, text, from) {
	const msg = await core.message(`the text "${text}"`,
		(candidate) => candidate.text === text);

	same(msg.sender.address, from.addr, `${core.name}: sender of "${text}"`);
	same(msg.showPadlock, true, `${core.name}: padlock of "${text}"`);
	return msg;
}

suite.add('two new accounts by dclogin: link', [], async () => {
	have.alice = await cores.account('alice');
	have.bob = await cores.account('bob');
});

suite.add('verified contact by SecureJoin QR code',
	['two new accounts by dclogin: link'], async () => {
	const { alice, bob } = have;

	[have.alice_bob, have.bob_alice] = await verified_join(alice, bob);
	have.alice_chat = await alice.rpc.createChatByContactId(
		alice.id, have.alice_bob);
	have.bob_chat = await bob.rpc.createChatByContactId(
		bob.id, have.bob_alice);
});

suite.add('encrypted text both ways',
	['verified contact by SecureJoin QR code'], async () => {
	const { alice, bob } = have;
	const hello = 'Hello Bob, grüße: ✓ 你好';
	const answer = 'Hello Alice.\nTwo lines\n.and a dot.';

	have.hello = await send_text(alice, have.alice_chat, hello);
	have.hello_seen = await receive_text(bob, hello, alice);
	have.answer = await send_text(bob, have.bob_chat, answer);
	have.answer_seen = await receive_text(alice, answer, bob);
});

suite.add('read receipts both ways',
	['encrypted text both ways'], async () => {
	const { alice, bob } = have;
	const read = (core, id) => core.until('the read receipt', async () =>
		(await core.rpc.getMessage(core.id, id)).state === STATE_OUT_MDN_RCVD);

	await bob.rpc.markseenMsgs(bob.id, [have.hello_seen.id]);
	await read(alice, have.hello);
	await alice.rpc.markseenMsgs(alice.id, [have.answer_seen.id]);
	await read(bob, have.answer);
});

suite.add('5 MB file arrives whole',
	['encrypted text both ways'], async () => {
	const { alice, bob } = have;
	const sha256 = (data) => createHash('sha256').update(data).digest('hex');
	const data = randomBytes(FILE_BYTES);
	const file = path.join(work, 'big.bin');
	const text = 'five megabytes';

	fs.writeFileSync(file, data);
	await alice.rpc.sendMsg(alice.id, have.alice_chat, {
		text, file, filename: 'big.bin', viewtype: 'File',
		html: null, location: null, overrideSenderName: null,
		quotedMessageId: null, quotedText: null,
	});
	const msg = await bob.message('the whole file', (candidate) =>
		candidate.text === text && candidate.downloadState === 'Done' &&
		candidate.file, { seconds: FILE_SECONDS });
	same(msg.showPadlock, true, 'padlock');
	same(msg.fileName, 'big.bin', 'file name');
	same(msg.fileBytes, FILE_BYTES, 'file size');
	same(sha256(fs.readFileSync(msg.file)), sha256(data), 'SHA-256');
});

function legacy(qr) {
	const changed = qr.replace(/&v=3(?=&|$)/, '');

	check(changed !== qr, 'the QR code has no v=3 to take out');
	return changed;
}

// Without v=3 in the code the core asks for the key in cleartext, as older
// ones always do: the one cleartext message the gate lets through.
suite.add('legacy SecureJoin request in cleartext',
	['two new accounts by dclogin: link'], async () => {
	have.carol = await cores.account('carol');
	[have.alice_carol] = await verified_join(have.alice, have.carol, legacy);
});

// A bot says that it is one, and the chat's timer stands outside, too.
suite.add('legacy SecureJoin request of a bot, with a timer in the chat',
	['two new accounts by dclogin: link'], async () => {
	const bot = await cores.account('bot', { bot: '1' });
	const qr = legacy(await have.alice.rpc.getChatSecurejoinQrCode(
		have.alice.id, null));
	const { contact_id: id } = await bot.rpc.checkQr(bot.id, qr);
	const chat = await bot.rpc.createChatByContactId(bot.id, id);

	await bot.rpc.setChatEphemeralTimer(bot.id, chat, 3600);
	await verified_join(have.alice, bot, legacy);
});

suite.add('group of three',
	['verified contact by SecureJoin QR code',
		'legacy SecureJoin request in cleartext'], async () => {
	const { alice, bob, carol } = have;
	const all = [alice, bob, carol];
	const chats = new Map();
	const group = await alice.rpc.createGroupChat(alice.id, 'Three', false);

	await alice.rpc.addContactToChat(alice.id, group, have.alice_bob);
	await alice.rpc.addContactToChat(alice.id, group, have.alice_carol);
	chats.set(alice, group);
	for (const sender of all) {
		const text = `${sender.name} to the group`;
		await send_text(sender, chats.get(sender), text);
		for (const core of all.filter((other) => other !== sender)) {
			const msg = await receive_text(core, text, sender);
			if (chats.has(core))
				same(msg.chatId, chats.get(core), `${core.name}: chat`);
			chats.set(core, msg.chatId);
		}
	}
	for (const [core, chat] of chats) {
		const members = await core.rpc.getChatContacts(core.id, chat);
		same(members.length, all.length, `${core.name}: members`);
	}
});

/** An address without a key gets cleartext, if the core is allowed to. */
async function check_refused(core, address) {
	const contact = await core.rpc.createContact(core.id, address, null);
	const chat = await core.rpc.createChatByContactId(core.id, contact);
	const id = await send_text(core, chat, 'This is cleartext.');

	await core.event('MsgFailed', {
		match: (event) => event.msgId === id, seconds: REFUSED_SECONDS });
	const msg = await core.rpc.getMessage(core.id, id);
	same(msg.state, STATE_OUT_FAILED, `state of the mail to ${address}`);
	check(REFUSED_TEXT.test(msg.error), `not the gate's text: ${msg.error}`);
	diag(`the core shows: ${msg.error}`);

	const ids = await core.rpc.getMessageIds(core.id, chat, false, false);
	const infos = Object.values(await core.rpc.getMessages(core.id, ids));
	check(infos.some((info) =>
		info.systemMessageType === 'InvalidUnencryptedMail'),
	'the core did not explain the refusal in the chat');
}

suite.add('cleartext is refused at once',
	['two new accounts by dclogin: link'], async () => {
	const { alice, bob } = have;

	// Else the core itself refuses, and the relay sees nothing.
	await bob.rpc.setConfig(bob.id, 'force_encryption', '0');
	await check_refused(bob, 'somebody@example.org');
	await check_refused(bob, alice.addr);
});

suite.add('wrong password is refused',
	['two new accounts by dclogin: link'], async () => {
	const { login } = have.alice;
	const mallory = cores.core('mallory');
	const wrong = { ...login, password: `${login.password}x` };
	let error = null;

	try {
		await mallory.configure(dclogin(relay, wrong));
	} catch (err) {
		error = err.message;
	}
	check(error, 'the wrong password was accepted');
	check(/login|authentication/i.test(error), `not a login error: ${error}`);
	diag(`the core shows: ${error.replace(/\s+/g, ' ')}`);
});

suite.add('second device logs in to the same account',
	['two new accounts by dclogin: link'], async () => {
	const { login } = have.alice;
	const starttls = Boolean(relay.imap && relay.submission);
	const second = cores.core('alice2');

	await second.configure(dclogin(relay, login, { starttls }));
	same(second.addr, login.addr, 'address');
	await second.online();
});

add_call_tests(suite, (name) => cores.account(name));

const info = await cores.core('nobody').rpc.getSystemInfo();
diag(`Delta Chat core ${info.deltachat_core_version}, node ${process.version}`);
await cores.run(suite, SUITE_SECONDS);
