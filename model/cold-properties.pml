/* The properties of a cold move. Spin names the variable or the formula in its verdict. */

bool CS1_two_copies_run, CS2_last_copy_destroyed, CS3_decided_twice;

#if !defined(ONLY) || ONLY == 1
#define CHECK_S1 assert(!CS1_two_copies_run)
#else
#define CHECK_S1 skip
#endif
#if !defined(ONLY) || ONLY == 2
#define CHECK_S2 assert(!CS2_last_copy_destroyed)
#else
#define CHECK_S2 skip
#endif
#if !defined(ONLY) || ONLY == 3
#define CHECK_S3 assert(!CS3_decided_twice)
#else
#define CHECK_S3 skip
#endif

/* Whenever a copy begins to run: the other one does not, its own volumes are there, and the decision allows it. */
inline checkRunning() {
  if :: sRuns && tRuns -> CS1_two_copies_run = true :: else fi;
  CHECK_S1;
  if :: (sRuns && !sDisk) || (tRuns && !whole) -> CS2_last_copy_destroyed = true :: else fi;
  CHECK_S2;
  if :: (decision == COMMITTED && sRuns) || (decision == ABORTED && tRuns) -> CS3_decided_twice = true :: else fi;
  CHECK_S3
}

inline decide(what) {
  if :: decision != NOBODY && decision != what -> CS3_decided_twice = true :: else fi;
  CHECK_S3;
  decision = what
}

inline makeToken() {
  if :: decision != NOBODY -> CS3_decided_twice = true :: else fi;
  CHECK_S3;
  made = true;
  undecided = true
}

inline renameToAborted() { decide(ABORTED); undecided = false; aborted = true }
inline renameToCommitted() { decide(COMMITTED); undecided = false; committed = true }

/* The only rename of a decided token, by its owner: with nothing of the guest running there, and nothing freed at the source. */
inline giveBack() {
  if :: !sDisk -> CS2_last_copy_destroyed = true :: else fi;
  CHECK_S2;
  if :: committed -> decision = ABORTED; committed = false; aborted = true :: else fi
}

/* Nothing is freed before the other copy was found healthy. */
inline freeSource() {
  if :: !tRan || !configOnTarget -> CS2_last_copy_destroyed = true :: else fi;
  CHECK_S2;
  sRuns = false;
  sDisk = false
}

inline freeTarget() {
  if :: tRuns || !sDisk -> CS2_last_copy_destroyed = true :: else fi;
  CHECK_S2;
  whole = false
}

#define guest_runs (sRuns || tRuns)
#define nothing_left (!locked && NO_TOKEN && !made && sj == J_CLOSED && tj == J_CLOSED && !armed)
#define migrated (w == W_MIGRATED && decision == COMMITTED && configOnTarget && !sRuns && (tRuns || tLost))
#define rolled_back (w == W_ROLLEDBACK && decision != COMMITTED && !configOnTarget && !tRuns && (sRuns || sLost))

ltl CL1 { <> [] (nothing_left && (migrated || rolled_back)) }
ltl CL2 { [] <> guest_runs }
ltl CF { [] (needsFencing -> <> (decision != NOBODY)) }
