/* The properties. Spin names the variable or the formula in its verdict. */

bool S1_two_copies_run, S2_last_copy_destroyed, S3_decided_twice;

#ifndef ONLY
#define CHECK_S1 assert(!S1_two_copies_run)
#define CHECK_S2 assert(!S2_last_copy_destroyed)
#define CHECK_S3 assert(!S3_decided_twice)
#elif ONLY == 1
#define CHECK_S1 assert(!S1_two_copies_run)
#define CHECK_S2 skip
#define CHECK_S3 skip
#elif ONLY == 2
#define CHECK_S1 skip
#define CHECK_S2 assert(!S2_last_copy_destroyed)
#define CHECK_S3 skip
#else
#define CHECK_S1 skip
#define CHECK_S2 skip
#define CHECK_S3 assert(!S3_decided_twice)
#endif

/* Whenever a copy begins to run: the other one does not, and the decision allows it. */
inline checkRunning() {
  if :: S_RUNNING && T_RUNNING -> S1_two_copies_run = true :: else fi;
  CHECK_S1;
  if :: (decision == COMMITTED && S_RUNNING) || (decision == ABORTED && T_RUNNING) -> S3_decided_twice = true :: else fi;
  CHECK_S3
}

inline decide(what) {
  if :: decision != NOBODY && decision != what -> S3_decided_twice = true :: else fi;
  CHECK_S3;
  decision = what
}

inline makeToken() {
  if :: decision != NOBODY -> S3_decided_twice = true :: else fi;
  CHECK_S3;
  made = true;
  undecided = true
}

/* The decision: one rename. */
inline renameToAborted() { decide(ABORTED); undecided = false; aborted = true }
inline renameToCommitted() { decide(COMMITTED); undecided = false; committed = true }

/* Whenever the protocol destroys a copy: the other one runs, or has run until a fault took it. */
inline destroySource() {
  if :: sq != S_GONE && !tRan -> S2_last_copy_destroyed = true :: else fi;
  CHECK_S2;
  sq = S_GONE
}

inline destroyTarget() {
  if :: (tq == T_WHOLE || tq == T_RUNS) && !S_RUNNING && !sLost -> S2_last_copy_destroyed = true :: else fi;
  CHECK_S2;
  if :: tq != T_NONE -> tq = T_GONE :: else fi
}

/* What the temporal properties speak of. */
#define guest_runs (S_RUNNING || T_RUNNING)
#define nothing_left (!locked && NO_TOKEN && !made && sj == J_CLOSED && tj == J_CLOSED && !armed)
#define migrated (w == W_MIGRATED && decision == COMMITTED && configOnTarget && sq == S_GONE && (T_RUNNING || tLost))
#define rolled_back (w == W_ROLLEDBACK && decision != COMMITTED && !configOnTarget && (S_RUNNING || sLost) && (tq == T_NONE || tq == T_GONE))

ltl L1 { <> [] (nothing_left && (migrated || rolled_back)) }
ltl L2 { [] <> guest_runs }
ltl F { [] (needsFencing -> <> (decision != NOBODY)) }
