/** usage: qmp.mjs <socket> <commands, one JSON object a line>: prints the last answer. */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const [, , path, script] = process.argv;
const commands = [{ execute: 'qmp_capabilities' }, ...script.split('\n').map((line) => JSON.parse(line))];
const socket = connect(path);
const messages = createInterface({ input: socket })[Symbol.asyncIterator]();
const answer = async () => {
  for (;;) {
    const message = JSON.parse((await messages.next()).value);
    if ('return' in message || 'error' in message) return message;
  }
};
let last = null;
for (const command of commands) {
  socket.write(`${JSON.stringify(command)}\n`);
  last = await answer();
  if ('error' in last) throw new Error(JSON.stringify(last.error));
}
console.log(JSON.stringify(last.return));
socket.destroy();
