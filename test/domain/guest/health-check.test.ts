import { formatHealthCheck, parseHealthCheck } from '../../../domain/guest/health-check.js';

test.each([
  ['none', { kind: 'none' }],
  ['tcp:5432', { kind: 'tcp', port: 5432 }],
  ['http:80', { kind: 'http', port: 80, path: '/' }],
  ['http:8080/health?deep=1', { kind: 'http', port: 8080, path: '/health?deep=1' }],
])('%s is read, and written again', (text, check) => {
  expect(parseHealthCheck(text)).toEqual(check);
  expect(parseHealthCheck(formatHealthCheck(parseHealthCheck(text)))).toEqual(check);
});

test.each([['tcp:0'], ['tcp:65536'], ['tcp:80/x'], ['http:'], ['https:443/'], ['http:80/a b'], [''], ['80']])('%j is refused', (text) => {
  expect(() => parseHealthCheck(text)).toThrow(expect.objectContaining({ code: 'InvalidInput' }));
});
