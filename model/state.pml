/* What everybody remembers, and the words for it. */

/* The source's QEMU. BACK: runs, after a cancelled or failed migration or by the agent's `cont`. */
#define S_FRESH 0   /* runs, no migration yet */
#define S_COPY  1   /* runs, memory is copied */
#define S_PRE   2   /* stands still in pre-switchover */
#define S_DEV   3   /* stands still, the rest is on its way */
#define S_POST  4   /* completed: postmigrate */
#define S_BACK  5
#define S_GONE  6

/* The target's QEMU. */
#define T_NONE  0
#define T_WAIT  1   /* -incoming, paused, no stream yet */
#define T_LOADS 2   /* reads the stream */
#define T_ACK   3   /* everything arrived and was acknowledged; its status is not yet `completed` */
#define T_WHOLE 4   /* completed, paused */
#define T_RUNS  5
#define T_GONE  6

/* The memory stream. */
#define M_NONE  0
#define M_OPEN  1
#define M_SENT  2   /* the source has sent everything */
#define M_ACKED 3   /* the target's acknowledgement is on its way back */

/* A node's journal for this epoch. The source's: open, migrating, handed-over; the target's: open, armed, running. */
#define J_NONE   0
#define J_OPEN   1
#define J_MIGRATING 2
#define J_HANDED 3
#define J_ARMED  2
#define J_RUNNING 3
#define J_CLOSED 4

/* The source agent's memory. */
#define D_NONE    0
#define D_DUTY    1   /* a driver is on duty */
#define D_REFUSE  2   /* found pre-switchover or device on start: is about to cancel */
#define D_DONE    3   /* has the answer `committed` */
#define D_ENDED   4
#define D_ROLLING 5   /* rollbackSource has read the token and goes on */

/* The target agent's memory: how far the gate is. */
#define G_IDLE 0
#define G_GOT  1   /* own copy whole, HANDOVER there: is about to rename */
#define G_OWN  2   /* committed by its own rename */
#define G_CFG  3   /* the guest's config is here */
#define G_DONE 4
#define G_COPIED 5 /* a mutant's */

/* The answer on its way to the source. */
#define A_NONE 0
#define A_COMMITTED 1
#define A_ABORTED 2

/* The workflow. */
#define W_RESERVE 0
#define W_COPY    1   /* from pre-copy until the result of the switch */
#define W_SETTLE  2   /* hears token, source and target */
#define W_ABORT   3   /* writes the decision */
#define W_FINISH  4   /* finishCommit on the target */
#define W_VERIFY  5
#define W_CLEAN   6
#define W_FORGET  7
#define W_UNLOCK  8
#define W_ROLL_S  9   /* rollbackSource */
#define W_ROLL_T  10  /* releaseReservation */
#define W_ROLL_F  11
#define W_MIGRATED   12
#define W_ROLLEDBACK 13
#define W_LOST    14  /* the orchestrator never comes back */

/* What a node said to the workflow. */
#define E_UNASKED 0
#define E_SILENT  1
#define E_LIVE    2   /* source: not stopped for good; target: no whole copy */
#define E_STOPPED 3   /* source: stopped for good */
#define E_WHOLE   4   /* target: a whole copy, paused */
#define E_RUNS    5
#define E_GONE    6

/* What anybody said of the token; a higher one counts for more. */
#define K_UNASKED   0
#define K_NONE      1
#define K_UNDECIDED 2
#define K_ABORTED   3
#define K_COMMITTED 4

/* The decision as it was made first. */
#define NOBODY 0
#define COMMITTED 1
#define ABORTED 2

/* The cluster file system. */
bool undecided, committed, aborted, made;   /* names in priv/ferry/<vmid>; made: the marker that a token is made once */
bool locked = true;
bool configOnTarget;

/* The source node. */
byte sq = S_FRESH, sj = J_NONE, driver = D_NONE;
bool sUp = true, sOff;
/* The target node. */
byte tq = T_NONE, tj = J_NONE, gate = G_IDLE;
bool tUp = true, armed;
byte stream = M_NONE;
/* Between them. A HANDOVER that was sent may arrive late and more than once. */
bool handover;
byte answer = A_NONE;

/* The workflow and its operator. */
byte w = W_RESERVE, heardS = E_UNASKED, heardT = E_UNASKED, heardToken = K_UNASKED;
bool heardConfig;
bool needsFencing, fenced;
bool c_copy, c_abort, c_finish, c_rollback, c_release, c_clean;

/* For the properties only. */
byte decision = NOBODY;
bool tRan, sLost, tLost;

#define S_RUNNING (sq == S_FRESH || sq == S_COPY || sq == S_BACK)
#define T_RUNNING (tq == T_RUNS)
#define BUSY (sq == S_COPY || sq == S_PRE || sq == S_DEV)
#define NO_TOKEN (!undecided && !committed && !aborted)

#ifdef MAX_FAULTS
byte faults = MAX_FAULTS;
#define MAY_FAIL (faults > 0)
#define SPEND faults--
#else
#define MAY_FAIL true
#define SPEND skip
#endif

/* One step. As `atomic` spin tells which of its statements ever happen; as `d_step` it is quicker. */
#ifdef MAX_FAULTS
#define STEP d_step
#else
#define STEP atomic
#endif

#ifdef ORCHESTRATOR_LOST
#define QEMU_MAY_DIE false
#else
#define QEMU_MAY_DIE MAY_FAIL
#endif
