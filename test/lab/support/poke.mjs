/** usage: poke.mjs <gdb socket> <physical address> <hex bytes>: overwrites guest memory behind the guest's back. */
import { connect } from 'node:net';

const [, , path, address, bytes] = process.argv;
const socket = connect(path);
socket.setEncoding('latin1');
let buffer = '';
socket.on('data', (data) => { buffer += data; socket.emit('more'); });

/** The next packet's payload (GDB remote serial protocol). */
async function packet() {
  for (;;) {
    const found = /\$([^#]*)#[0-9a-f]{2}/.exec(buffer);
    if (found) {
      buffer = buffer.slice(found.index + found[0].length);
      socket.write('+');
      return found[1];
    }
    await new Promise((resolve) => socket.once('more', resolve));
  }
}
async function send(payload) {
  const sum = [...payload].reduce((total, c) => (total + c.charCodeAt(0)) & 0xff, 0);
  socket.write(`$${payload}#${sum.toString(16).padStart(2, '0')}`);
  const answer = await packet();
  if (answer !== 'OK') throw new Error(`${payload}: ${answer}`);
}

await send('Qqemu.PhyMemMode:1');
await send(`M${Number(address).toString(16)},${(bytes.length / 2).toString(16)}:${bytes}`);
// detach: the guest, which a debugger stops, runs on
await send('D');
socket.destroy();
