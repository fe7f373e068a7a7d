import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ATTRIBUTES } from '../../workflows/attributes.js';

const home = process.env['FERRY_HOME'] as string;
const compose = findCompose();
const secret = { POSTGRES_PASSWORD: 'only for this check' };

interface Service {
  readonly image?: string;
  readonly ports?: readonly { readonly host_ip?: string; readonly target: number }[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly healthcheck?: unknown;
  readonly restart?: string;
}

const inCompose = compose === null
  ? (title: string, _run: () => void): void => test.skip(`${title} (SKIP: no docker compose, and its reader could not be built)`, () => undefined)
  : test;

describe('docker-compose.yml', () => {
  inCompose('is accepted by Docker Compose', () => {
    expect(config(secret)).toMatchObject({ status: 0, stderr: '' });
  });

  inCompose('asks for a password instead of having one', () => {
    const { status, stderr } = config({});
    expect(status).not.toBe(0);
    expect(stderr).toContain('POSTGRES_PASSWORD');
  });

  inCompose('pins every image, restarts every service, publishes nothing beyond this host', () => {
    const services = Object.entries(resolved());
    for (const [name, service] of services) {
      expect([name, service.image]).toEqual([name, expect.stringMatching(/:\d+\.\d+/)]);
      expect([name, service.restart]).toEqual([name, expect.stringMatching(/^(unless-stopped|on-failure)/)]);
      for (const port of service.ports ?? []) expect([name, port.host_ip]).toEqual([name, '127.0.0.1']);
    }
    expect(services.map(([name]) => name).sort()).toEqual(['control', 'namespace', 'postgres', 'schema', 'temporal', 'ui']);
  });

  inCompose('starts each part when what it needs is there', () => {
    const services = resolved();
    const needs = (name: string): Record<string, string> => Object.fromEntries(Object.entries(services[name]?.depends_on ?? {}).map(([on, { condition }]) => [on, condition]));
    expect(needs('schema')).toEqual({ postgres: 'service_healthy' });
    expect(needs('temporal')).toEqual({ schema: 'service_completed_successfully' });
    expect(needs('namespace')).toEqual({ temporal: 'service_healthy' });
    expect(needs('control')).toEqual({ namespace: 'service_completed_successfully' });
    expect(['postgres', 'temporal', 'ui', 'control'].filter((name) => services[name]?.healthcheck === undefined)).toEqual([]);
  });

  inCompose('offers no Terminate button and reads no news', () => {
    expect(resolved()['ui']?.environment).toMatchObject({ TEMPORAL_WORKFLOW_TERMINATE_DISABLED: 'true', TEMPORAL_DISABLE_NEWS_FETCH: 'true' });
  });
});

test('deploy/temporal/namespace.sh registers the search attributes of workflows/attributes.ts', () => {
  const script = readFileSync(join(home, 'deploy', 'temporal', 'namespace.sh'), 'utf8');
  const registered = [...script.matchAll(/--name (\w+) --type (\w+)/g)].map(([, name, type]) => `${name} ${String(type).toUpperCase()}`);
  expect(registered.sort()).toEqual(Object.values(ATTRIBUTES).map(({ name, type }) => `${name} ${type.replaceAll('_', '')}`).sort());
});

test('the shell scripts of deploy/temporal parse', () => {
  for (const file of ['deploy/temporal/schema.sh', 'deploy/temporal/namespace.sh']) {
    expect(spawnSync('sh', ['-n', join(home, file)], { encoding: 'utf8' }).stderr).toBe('');
  }
});

function resolved(): Readonly<Record<string, Service>> {
  return (JSON.parse(config(secret).stdout) as { services: Record<string, Service> }).services;
}

/** The file with everything filled in, as JSON. */
function config(env: Readonly<Record<string, string>>): { status: number | null; stdout: string; stderr: string } {
  const [command, ...args] = compose as readonly [string, ...string[]];
  return spawnSync(command, args, { cwd: home, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env } });
}

function findCompose(): readonly [string, ...string[]] | null {
  const file = join(home, 'docker-compose.yml');
  if (spawnSync('docker', ['compose', 'version']).status === 0) return ['docker', 'compose', '-f', file, 'config', '--format', 'json'];
  const built = join(home, 'var', 'tools', 'bin', 'compose-config');
  return existsSync(built) ? [built, file] : null;
}
