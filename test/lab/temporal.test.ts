import { layoutOf } from '../../lab/layout.js';
import { serverArguments, startTemporal, temporalBinary } from '../../lab/temporal.js';

const layout = layoutOf('/tmp/lab', { FERRY_HOME: '/project' });

test('a server given by TEMPORAL_ADDRESS is used as it is', async () => {
  expect(await startTemporal(layout, { TEMPORAL_ADDRESS: 'temporal.example:7233' })).toEqual({ address: 'temporal.example:7233', uiAddress: null, own: false });
});

test('our own server has the measured settings, and its data in the lab', () => {
  const line = serverArguments(layout, { address: '127.0.0.1:7000', uiAddress: '127.0.0.1:8000', own: true }).join(' ');
  for (const part of ['--ip 127.0.0.1 --port 7000 --ui-ip 127.0.0.1 --ui-port 8000', '--db-filename /tmp/lab/temporal/temporal.db',
    '--sqlite-pragma journal_mode=wal', 'history.transferProcessorMaxPollRPS=500', '--search-attribute NeedsOperator=Bool']) {
    expect(line).toContain(part);
  }
});

test('the program is FERRY_TEMPORAL_BIN, else one on PATH, else a missing thing with a remedy', () => {
  expect(temporalBinary(layout, { FERRY_TEMPORAL_BIN: '/x/temporal', PATH: '' })).toBe('/x/temporal');
  expect(() => temporalBinary(layout, { PATH: '/nowhere' })).toThrow(/TEMPORAL_ADDRESS/);
});
