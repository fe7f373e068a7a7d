import fc from 'fast-check';
import { needsOf } from '../../../domain/admission/needs.js';
import { Simulation, type SimulatedMigration } from './simulation.js';

const NODES = ['a', 'b', 'c', 'd'];

const limit = fc.integer({ min: 1, max: 3 });
const config = fc.record({ in: limit, out: limit, prepare: limit, switchover: limit, transfers: limit });
const journeys = fc.array(fc.record({ source: fc.nat(3), hop: fc.integer({ min: 1, max: 3 }), priority: fc.integer({ min: 1, max: 5 }), dies: fc.boolean() }), { minLength: 1, maxLength: 10 });
/** Which letter arrives next: drawn in front, from a generator of its own when the list is used up. */
const luck = fc.record({ first: fc.array(fc.nat(1000), { maxLength: 60 }), seed: fc.nat() });

function simulate(numbers: { in: number; out: number; prepare: number; switchover: number; transfers: number }, wanted: readonly { source: number; hop: number; priority: number; dies: boolean }[], chance: { first: number[]; seed: number }, mortal: boolean): Simulation {
  const { transfers, ...slots } = numbers;
  const links = { rack: { nodes: ['a', 'b'], transfers, counts: 'crossing' as const } };
  const migrations = wanted.map(({ source, hop, priority, dies }): SimulatedMigration => ({
    priority, dies: mortal && dies,
    needs: needsOf(NODES[source] as string, NODES[(source + hop) % 4] as string, { enabled: true, nodes: {}, ...slots }, links),
  }));
  return new Simulation(migrations, drawing(chance));
}

function drawing({ first, seed }: { first: number[]; seed: number }): (below: number) => number {
  const front = [...first];
  let state = seed;
  return (below) => {
    const next = front.shift();
    if (next !== undefined) return next % below;
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const RUNS = { numRuns: 200, endOnFailure: true };

describe('admission, whatever the order of messages and however often they arrive', () => {
  it('never lets more in than the limits, serves everyone, and keeps no slot', () => {
    fc.assert(fc.property(config, journeys, luck, (numbers, wanted, chance) => {
      const simulation = simulate(numbers, wanted, chance, false);
      expect(simulation.run()).toBe(true);
      expect({ broken: simulation.broken, leftovers: simulation.leftovers, admitted: simulation.admitted.length }).toEqual({ broken: [], leftovers: [], admitted: wanted.length });
    }), RUNS);
  });

  it('gets every slot back from those who die with it', () => {
    fc.assert(fc.property(config, journeys, luck, (numbers, wanted, chance) => {
      const simulation = simulate(numbers, wanted, chance, true);
      expect(simulation.run()).toBe(true);
      expect(simulation.broken).toEqual([]);
      expect(simulation.migrations.filter(({ state }) => state === 'asking')).toEqual([]);
      const dead = simulation.migrations.filter(({ state }) => state === 'dead').map(({ epoch }) => epoch);
      // Who died last is found by the ledger's own check, which only comes when somebody waits or asks.
      expect(simulation.leftovers.filter((left) => !dead.some((epoch) => left.endsWith(`: ${epoch}`)))).toEqual([]);
    }), RUNS);
  });
});
