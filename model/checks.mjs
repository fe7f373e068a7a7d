/**
 * What is checked: the properties of the protocol on its whole state space, and that each rule is needed: with one rule
 * taken away (a mutant, see rules.pml) one fault is enough for a violation of the property named here.
 * `file` is the model: a live migration's, or that of a guest that stands still; `defines` are the model's switches; `claim` is an LTL formula of it, else the assertions are checked.
 */
export const PROPERTIES = [
  { titles: {
    S1: 'at most one copy of the guest executes',
    S2: 'no copy is destroyed unless the other one runs',
    S3: 'a decision is made once, and obeyed',
  }, defines: [] },
  { claim: 'L1', titles: { L1: 'every migration ends, with nothing left (any 2 faults)' }, defines: ['MAX_FAULTS=2'] },
  { claim: 'L2', titles: { L2: 'the guest runs on without the orchestrator (any 3 faults)' }, defines: ['ORCHESTRATOR_LOST', 'MAX_FAULTS=3'] },
  { claim: 'F', titles: { F: 'a source that is lost for good: a person\'s word ends the wait (any 3 faults)' }, defines: ['OFF_FOR_GOOD', 'MAX_FAULTS=3'] },
  { file: 'cold', titles: {
    CS1: 'cold: at most one copy of the guest executes',
    CS2: 'cold: nothing is freed before the other copy was found healthy, and only a whole copy is started',
    CS3: 'cold: a decision is made once, only its owner gives a guest back',
  }, defines: [] },
  { file: 'cold', claim: 'CL1', titles: { CL1: 'cold: every move ends, with the guest where its config is, and nothing left (any 2 faults)' }, defines: ['MAX_FAULTS=2'] },
  { file: 'cold', claim: 'CL2', titles: { CL2: 'cold: the guest runs on without the orchestrator (any 3 faults)' }, defines: ['ORCHESTRATOR_LOST', 'MAX_FAULTS=3'] },
  { file: 'cold', claim: 'CF', titles: { CF: 'cold: a source that is lost for good: a person\'s word ends the wait (any 3 faults)' }, defines: ['OFF_FOR_GOOD', 'MAX_FAULTS=3'] },
].map((entry) => ({ file: 'handover', ...entry }));

const ONE_FAULT = ['MAX_FAULTS=1'];
const WITHOUT_ORCHESTRATOR = ['ORCHESTRATOR_LOST', 'MAX_FAULTS=1'];

export const MUTANTS = [
  { mutant: 'NO_HANDOVER', breaks: 'S1', means: 'the target commits without HANDOVER' },
  { mutant: 'NO_RENAME', breaks: 'S1', means: 'the target runs its copy without its own rename' },
  { mutant: 'EARLY_HANDOVER', breaks: 'S1', means: 'HANDOVER is sent before QEMU says completed' },
  { mutant: 'SOURCE_IMPATIENT', breaks: 'S1', means: 'the source runs on after completed because no answer comes' },
  { mutant: 'SILENCE_IS_ABORT', breaks: 'S1', means: 'a silent target counts as aborted, without the rename' },
  { mutant: 'FENCED_WHILE_ALIVE', breaks: 'S1', means: 'fencing is confirmed of a node that is only silent' },
  { mutant: 'STALE_ROLLBACK', breaks: 'S1', means: 'a rollback of an earlier epoch is accepted' },
  { mutant: 'TARGET_UNDONE_FIRST', breaks: 'S2', means: 'the target is released before the source runs again' },
  { mutant: 'CLEANUP_UNVERIFIED', breaks: 'S2', means: 'the source is freed before the target was seen running' },
  { mutant: 'STALE_RELEASE', breaks: 'S2', means: 'a release of an earlier epoch is accepted' },
  { mutant: 'COPY_AND_DELETE', breaks: 'S3', means: 'the decision is a copy and a delete, not one rename' },
  { mutant: 'TOKEN_MADE_AGAIN', breaks: 'S3', means: 'a late reservation may make the token again' },
  { mutant: 'UNDO_ONLY_READS', breaks: 'L1', means: 'an undo only reads the token and does not decide it' },
  { mutant: 'FINISH_NEEDS_QEMU', breaks: 'L1', means: 'a commit is not finished when the target\'s QEMU is gone' },
  { mutant: 'FORGOTTEN_EARLY', breaks: 'L1', means: 'the token is forgotten before both nodes are clean' },
  { mutant: 'NO_RECOVERY', breaks: 'L2', means: 'no recovery when an agent starts', defines: WITHOUT_ORCHESTRATOR },
  { mutant: 'LATE_CANCEL_UNSEEN', breaks: 'L2', means: 'recovery does not notice that its cancel came too late', defines: WITHOUT_ORCHESTRATOR },
  { mutant: 'ABORT_NEEDS_COMMAND', breaks: 'L2', means: 'a copy beyond completed waits for the rollback although the token says aborted', defines: WITHOUT_ORCHESTRATOR },
  { mutant: 'HANDOVER_ONCE', breaks: 'L2', means: 'HANDOVER is not repeated', defines: WITHOUT_ORCHESTRATOR },
  { mutant: 'NO_FENCING', breaks: 'F', means: 'nobody can confirm fencing', defines: ['OFF_FOR_GOOD', ...ONE_FAULT] },
  { mutant: 'HANDOVER_WHILE_UP', breaks: 'CS1', means: 'HANDOVER is sent before the guest is down' },
  { mutant: 'START_BEFORE_RENAME', breaks: 'CS1', means: 'the target starts the guest before its own rename' },
  { mutant: 'GO_ON_UNDECIDED', breaks: 'CS1', means: 'the source starts the guest again without the token saying aborted' },
  { mutant: 'RETURNED_BEFORE_END', breaks: 'CS1', means: 'token and config are given back before the target\'s copy is ended' },
  { mutant: 'WORKFLOW_GIVES_BACK', breaks: 'CS1', means: 'somebody else than the owner gives a committed guest back' },
  { mutant: 'COMMIT_INCOMPLETE', breaks: 'CS2', means: 'the target commits before every volume is proved' },
  { mutant: 'RUNNING_GIVEN_BACK', breaks: 'CS2', means: 'a guest that was healthy once is given back later' },
  { mutant: 'FREED_UNSEEN', breaks: 'CS2', means: 'the source is freed before the guest was found healthy on the target' },
  { mutant: 'CONFIG_LAST', breaks: 'CL1', means: 'the config goes back after the token' },
  { mutant: 'RETURN_UNASKED', breaks: 'CL1', means: 'who learns committed does not ask whether the guest was given back' },
  { mutant: 'SOURCE_STAYS_DOWN', breaks: 'CL2', means: 'the source\'s agent does not bring back a guest that is down for its move', defines: WITHOUT_ORCHESTRATOR },
  { mutant: 'TARGET_FORGETS', breaks: 'CL2', means: 'the target\'s agent does not take over what it has committed', defines: WITHOUT_ORCHESTRATOR },
  { mutant: 'COLD_NO_FENCING', breaks: 'CF', means: 'cold: nobody can confirm fencing', defines: ['OFF_FOR_GOOD', ...ONE_FAULT] },
].map((entry) => ({ file: entry.breaks.startsWith('C') ? 'cold' : 'handover', defines: ONE_FAULT, ...entry }));
