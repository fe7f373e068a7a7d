import { MigrationError } from '../errors.js';

/** What says that a container does its work. */
export type HealthCheck =
  | { readonly kind: 'none' }
  | { readonly kind: 'tcp'; readonly port: number }
  | { readonly kind: 'http'; readonly port: number; readonly path: string };

/** Parses `none`, `tcp:<port>`, `http:<port>[/<path>]`. Throws `InvalidInput`. */
export function parseHealthCheck(text: string): HealthCheck {
  const [, kind, portText = '', path = ''] = /^(tcp|http):(\d{1,5})(\/[!-~]*)?$/.exec(text) ?? [];
  const port = Number(portText);
  const isPort = port >= 1 && port <= 65_535;
  if (text === 'none') return { kind: 'none' };
  if (kind === 'tcp' && isPort && path === '') return { kind, port };
  if (kind === 'http' && isPort) return { kind, port, path: path === '' ? '/' : path };
  throw new MigrationError('InvalidInput', `read health check failed: expected none, tcp:<port> or http:<port>/<path>, got '${text}'`);
}

export function formatHealthCheck(check: HealthCheck): string {
  switch (check.kind) {
    case 'none': return 'none';
    case 'tcp': return `tcp:${check.port}`;
    case 'http': return `http:${check.port}${check.path}`;
  }
}
