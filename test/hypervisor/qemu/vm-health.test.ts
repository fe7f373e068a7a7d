import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseVmConfig } from '../../../domain/guest/parse-vm-config.js';
import { checkVmHealth } from '../../../hypervisor/qemu/vm-health.js';

let folder: string;
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-health-'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  rmSync(folder, { recursive: true, force: true });
});

const vm = (extra = '') => parseVmConfig(101, `name: web\nmemory: 128\n${extra}`).config;
const paths = () => ({ qemuRunDir: folder });

/** A guest agent that answers each question with this. */
async function agent(answer: (command: string) => object): Promise<void> {
  const server = createServer((socket) => {
    socket.on('data', (data) => socket.write(`${JSON.stringify(answer((JSON.parse(String(data)) as { execute: string }).execute))}\n`));
    socket.on('error', () => undefined);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(join(folder, '101.qga'), resolve));
}

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

test('a guest agent that answers is well, one that refuses or is not there is not', async () => {
  await expect(checkVmHealth(vm(), 'agent', paths(), 0)).rejects.toMatchObject({ code: 'GuestUnhealthy' });
  await agent(() => ({ return: {} }));
  await checkVmHealth(vm(), 'agent', paths(), 0);
});

test('an error of the agent is told in its words', async () => {
  await agent(() => ({ error: { class: 'GenericError', desc: 'it is frozen' } }));
  await expect(checkVmHealth(vm(), 'agent', paths(), 0)).rejects.toThrow('it is frozen');
});

test('TCP and HTTP are asked at the configured address', async () => {
  const web = await listening(createHttp((request, response) => response.writeHead(request.url === '/ok' ? 204 : 500).end()));
  const ip = 'ipconfig0: ip=127.0.0.1/8,gw=127.0.0.254\n';
  await checkVmHealth(vm(ip), `tcp:${web}`, paths(), 0);
  await checkVmHealth(vm(ip), `http:${web}/ok`, paths(), 0);
  await expect(checkVmHealth(vm(ip), `http:${web}/bad`, paths(), 0)).rejects.toThrow('it answered 500');
});

test('without an address it is not well, and says what is missing', async () => {
  await agent(() => ({ return: [{ 'ip-addresses': [{ 'ip-address': '127.0.0.1', 'ip-address-type': 'ipv4' }] }] }));
  await expect(checkVmHealth(vm(), 'tcp:80', paths(), 0)).rejects.toThrow('its address is not known');
});
