import { connect } from 'node:net';
import { MigrationError, messageOf } from '../../domain/errors.js';
import type { Vmid } from '../../domain/ids.js';

const ANSWER_MS = 3000;

/**
 * Asks a VM's guest agent one question over its socket (QEMU `qga/qapi-schema.json`: one JSON line each way). Throws `GuestUnhealthy` when nobody
 * answers in time: the agent does not run, or another program holds the socket, which serves one client at a time.
 */
export function askGuestAgent(path: string, vmid: Vmid, command: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (cause: string): void => {
      socket.destroy();
      reject(new MigrationError('GuestUnhealthy', `ask guest agent failed: VM ${vmid}: ${cause}`, { vmid }));
    };
    const socket = connect(path);
    const timer = setTimeout(() => fail(`no answer to ${command} within ${ANSWER_MS} ms`), ANSWER_MS);
    let heard = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${JSON.stringify({ execute: command })}\n`));
    socket.on('data', (text: string) => {
      heard += text;
      const line = heard.split('\n').slice(0, -1).find((one) => one.trim() !== '');
      if (line === undefined) return;
      try {
        const answer = JSON.parse(line) as { readonly return?: unknown; readonly error?: { readonly desc?: string } };
        if (answer.error !== undefined) return fail(answer.error.desc ?? 'it refused');
        resolve(answer.return);
        socket.destroy();
      } catch (error) {
        fail(messageOf(error));
      }
    });
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => clearTimeout(timer));
  });
}
