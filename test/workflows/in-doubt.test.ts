import { describeTable, type Row } from '../fakes/table.js';
import { SHORT } from '../fakes/scenario.js';

jest.setTimeout(60_000);

const rows: readonly Row[] = [
  { title: 'the channel dies after handed-over, the target holds a whole copy: it is told to commit', switchFault: 'handover-lost', outcome: 'migrated' },
  { title: 'the channel dies after handed-over, the target lost its copy: the source runs again', switchFault: 'target-copy-lost', outcome: 'rolled-back' },
  {
    title: 'the target refuses to finish the commit once: it is asked again', switchFault: 'handover-lost', outcome: 'migrated',
    faults: [{ activity: 'target.finishCommit', when: 'before' }],
  },
  {
    title: 'handed over, then the target goes away: aborted, the source runs again, the target is released when it is back',
    switchFault: 'handover-lost', outcome: 'rolled-back', timings: SHORT, faults: [{ activity: 'target.resolveTarget', when: 'away' }],
  },
  {
    title: 'handed over, then the source goes away: nobody runs until it is back and says so, then the target commits',
    switchFault: 'handover-lost', outcome: 'migrated', timings: SHORT, faults: [{ activity: 'source.switchover', when: 'away' }],
  },
  {
    title: 'the target goes away after the commit: the migration waits for it and ends well',
    outcome: 'migrated', timings: SHORT, faults: [{ activity: 'target.verifyRunning', when: 'away' }],
  },
];

describeTable('when it is unclear who owns the guest', rows);
