/*
 * The hand-over of a guest that stands still while it moves (docs/design/013): stopped here, started there, and given back by its new owner
 * when it does not come up. Checked by spin over all interleavings; docs/model.md says what is modelled. `node model/run.mjs CS1 CL1`.
 *
 * As in handover.pml: every step is one guarded, indivisible command; between any two steps any party may die, restart or be late; a
 * command the workflow has once sent (c_...) may be carried out at any later time, any number of times. The same switches.
 */

/* A node's journal. The source's: open, stopping, handed-over, restarted; the target's: open, armed, starting, running, returning. */
#define J_NONE      0
#define J_OPEN      1
#define J_STOPPING  2
#define J_HANDED    3
#define J_RESTARTED 4
#define J_ARMED     2
#define J_STARTING  3
#define J_RUNNING   4
#define J_RETURNING 5
#define J_CLOSED    6

/* The source agent's memory. */
#define D_NONE    0
#define D_SWITCH  1   /* stops the guest, copies the last changes */
#define D_BACK    2   /* something failed: the guest is to go on here */
#define D_HANDING 3   /* says HANDOVER until there is an answer */
#define D_DONE    4
#define D_ENDED   5

/* The target agent's memory: how far the gate is. */
#define G_IDLE  0
#define G_GOT   1
#define G_OWN   2   /* committed by its own rename */
#define G_CFG   3   /* the config is here */
#define G_UP    4   /* started, not yet found healthy */
#define G_DONE  5
#define G_RET   6   /* gives it back: its copy is to be ended, */
#define G_ENDED 7   /* then the config goes back, */
#define G_BACK  8   /* then the token says aborted */

#define A_NONE 0
#define A_COMMITTED 1
#define A_ABORTED 2

#define W_RESERVE 0
#define W_SWITCH  1
#define W_SETTLE  2
#define W_ABORT   3
#define W_FINISH  4   /* committed, but nobody said yet that the guest came up */
#define W_VERIFY  5
#define W_CLEAN   6
#define W_FORGET  7
#define W_UNLOCK  8
#define W_ROLL_S  9
#define W_ROLL_T  10
#define W_ROLL_F  11
#define W_MIGRATED   12
#define W_ROLLEDBACK 13
#define W_LOST    14

#define E_UNASKED 0
#define E_SILENT  1
#define E_LIVE    2   /* source: not stopped for good; target: no whole copy */
#define E_STOPPED 3
#define E_WHOLE   4
#define E_RUNS    5

#define NOBODY 0
#define COMMITTED 1
#define ABORTED 2

/* The cluster file system. */
bool undecided, committed, aborted, made, locked = true, configOnTarget;
/* The source node. */
bool sRuns = true, sDisk = true, sUp = true, sOff;
byte sj = J_NONE, driver = D_NONE;
/* The target node. whole: every volume was proved the same on both nodes. */
bool tRuns, whole, tUp = true, armed;
byte tj = J_NONE, gate = G_IDLE;
/* Between them. */
bool handover;
byte answer = A_NONE;
/* The workflow and its operator. */
byte w = W_RESERVE, heardS = E_UNASKED, heardT = E_UNASKED;
bool needsFencing, fenced, c_switch, c_abort, c_finish, c_rollback, c_release, c_clean;
/* For the properties only. */
byte decision = NOBODY;
bool tRan, sLost, tLost;

#define NO_TOKEN (!undecided && !committed && !aborted)

#ifdef MAX_FAULTS
byte faults = MAX_FAULTS;
#define MAY_FAIL (faults > 0)
#define SPEND faults--
#define STEP d_step
#else
#define MAY_FAIL true
#define SPEND skip
#define STEP atomic
#endif
#ifdef ORCHESTRATOR_LOST
#define POWER_MAY_FAIL false
#else
#define POWER_MAY_FAIL MAY_FAIL
#endif

#include "cold-properties.pml"
#include "cold-rules.pml"
#include "cold-agents.pml"
#include "cold-workflow.pml"
