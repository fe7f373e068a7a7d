import { createSecureContext } from 'node:tls';
import { dhParamsPem } from '../../../hypervisor/transport/dh-params.js';

test('OpenSSL takes the parameters', () => {
  expect(() => createSecureContext({ dhparam: dhParamsPem() })).not.toThrow();
});
