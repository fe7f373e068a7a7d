import { PHASES } from '../../domain/contracts/phase.js';
import { ALL_FAILPOINTS, FAILPOINTS } from '../../domain/failpoints.js';
import { FAULTS } from '../matrix/faults.js';
import { allRows } from '../matrix/rows.js';

const rows = allRows();
const cut = rows.filter((row) => row.cut);
/** In which something happens that can be interrupted. */
const BUSY = PHASES.filter((phase) => FAILPOINTS.some((point) => point.phase === phase));

test('there are at least 150 rows, and no two of one name', () => {
  expect(rows.length).toBeGreaterThanOrEqual(150);
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
});

test('at every failpoint the process that comes by is killed', () => {
  const killed = new Set(rows.filter(({ fault }) => fault === 'kill').map(({ at }) => at));
  expect(ALL_FAILPOINTS.filter(({ name }) => !killed.has(name))).toEqual([]);
});

test('every fault that a guest without QEMU can have strikes a container, and both kinds of cold guests are moved without one', () => {
  const struck = new Set<string>(rows.filter(({ guest }) => guest === 'container').map(({ fault }) => fault));
  expect(['kill', 'error', ...Object.keys(FAULTS)].filter((fault) => !struck.has(fault))).toEqual(['kill source QEMU', 'kill target QEMU']);
  expect(rows.filter(({ fault }) => fault === 'nothing').map(({ guest }) => guest)).toEqual(expect.arrayContaining(['container', 'stopped VM']));
});

test('`make test` has every fault and every phase at least once', () => {
  const faults = new Set<string>(cut.map(({ fault }) => fault));
  expect(['kill', 'error', ...Object.keys(FAULTS)].filter((fault) => !faults.has(fault))).toEqual([]);
  const phases = new Set(cut.map(({ phase }) => phase));
  expect(BUSY.filter((phase) => !phases.has(phase))).toEqual([]);
});

test('after the commit the target owns the guest, on the way back the source does, whatever strikes', () => {
  expect(rows.filter(({ at, expected }) => /target\.(committed|config|cont|answer)/.test(at) && expected.owner !== 'target')).toEqual([]);
  expect(rows.filter(({ at, expected }) => /\.(rollback|release)\./.test(at) && expected.owner !== 'source')).toEqual([]);
});
