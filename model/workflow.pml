/* The workflow, and the table of domain/resolve/decide-in-doubt.ts. */

/* The token is read along with each node: a reading before that never says more. */
inline hearToken() {
  if
  :: committed -> seen = K_COMMITTED
  :: !committed && aborted -> seen = K_ABORTED
  :: !committed && !aborted && undecided -> seen = K_UNDECIDED
  :: NO_TOKEN -> seen = K_NONE
  fi;
  if :: seen > heardToken -> heardToken = seen :: else fi;
  seen = K_UNASKED
}

inline hearSource() {
  if
  :: sq == S_GONE -> heardS = E_GONE
  :: sq != S_GONE && (sj == J_HANDED || sq == S_POST) -> heardS = E_STOPPED
  :: S_RUNNING && sj != J_HANDED -> heardS = E_RUNS
  :: (sq == S_PRE || sq == S_DEV) && sj != J_HANDED -> heardS = E_LIVE
  fi
}

inline hearTarget() {
  if
  :: tq == T_RUNS -> heardT = E_RUNS
  :: tq == T_WHOLE -> heardT = E_WHOLE
  :: tq != T_RUNS && tq != T_WHOLE -> heardT = E_LIVE
  fi;
  heardConfig = configOnTarget
}

/* One order is enough for the temporal properties; the assertions are checked for both. */
#ifdef MAX_FAULTS
#define EITHER_FIRST (heardS != E_UNASKED)
#else
#define EITHER_FIRST true
#endif

inline forgetHeard() { heardS = E_UNASKED; heardT = E_UNASKED; heardToken = K_UNASKED; heardConfig = false }
inline cleanUp() { c_clean = true; w = W_CLEAN }
inline forgetEpoch() { undecided = false; committed = false; aborted = false; made = false }
#ifdef MAX_FAULTS
#define ABORT_MAY_COME_LATE false   /* it could hide that nobody else decides */
#else
#define ABORT_MAY_COME_LATE true
#endif
inline abort() { c_abort = ABORT_MAY_COME_LATE; w = W_ABORT }

/* domain/resolve/decide-in-doubt.ts, row by row */
inline decideInDoubt() {
  needsFencing = false;
  if
  :: heardToken == K_COMMITTED -> c_finish = true; w = W_FINISH
  :: heardToken == K_ABORTED -> c_rollback = true; w = W_ROLL_S
  :: heardToken == K_NONE && heardConfig -> c_finish = true; w = W_FINISH
  :: heardToken == K_NONE && !heardConfig && heardT == E_SILENT && heardS != E_RUNS -> skip
  :: heardToken == K_NONE && !heardConfig && (heardT != E_SILENT || heardS == E_RUNS) -> c_rollback = true; w = W_ROLL_S
  :: heardToken == K_UNDECIDED ->
     if
     :: heardS == E_SILENT && heardT == E_SILENT -> skip
     :: heardS == E_SILENT && heardT == E_WHOLE -> if :: fenced -> c_finish = true :: else -> needsFencing = true fi
     :: heardS == E_SILENT && (heardT == E_LIVE || heardT == E_RUNS) -> abort()
     :: heardS == E_RUNS && heardT == E_RUNS -> skip
     :: heardS == E_LIVE || (heardS == E_RUNS && heardT != E_RUNS) -> abort()
     :: heardS == E_GONE && heardT == E_SILENT -> skip
     :: heardS == E_STOPPED && heardT == E_SILENT -> TARGET_IS_SILENT
     :: (heardS == E_STOPPED || heardS == E_GONE) && (heardT == E_WHOLE || heardT == E_RUNS) -> c_finish = true
     :: (heardS == E_STOPPED || heardS == E_GONE) && heardT == E_LIVE -> abort()
     /* the operator's giveUp: the source's copy can go on */
     :: heardS == E_STOPPED && heardT == E_WHOLE -> abort()
     fi
  fi
}

active proctype Workflow() {
  byte seen;
end:
  do
  :: STEP { w == W_RESERVE && sj == J_OPEN && tj == J_ARMED && sUp && tUp -> c_copy = true; w = W_COPY }
  :: STEP { w == W_RESERVE -> abort() }
  :: STEP { w == W_COPY && driver == D_DONE && sUp -> w = W_VERIFY }
  /* the answer of the switch may bring the target's word that the guest runs */
  :: STEP { w == W_COPY && driver == D_DONE && sUp -> cleanUp() }
  /* failed, cancelled, or waited long enough */
  :: STEP { w == W_COPY -> w = W_SETTLE }
  /* hear source and target; any answer may stay away, because the agent is, or the network, or for being late */
  :: atomic { w == W_SETTLE ->
       if
       :: heardS == E_UNASKED && sUp -> hearSource()
       :: heardS == E_UNASKED && !sUp -> heardS = E_SILENT
       :: heardS == E_UNASKED && sUp && MAY_FAIL -> SPEND; heardS = E_SILENT
       :: heardT == E_UNASKED && EITHER_FIRST && tUp -> hearTarget()
       :: heardT == E_UNASKED && EITHER_FIRST && !tUp -> heardT = E_SILENT
       :: heardT == E_UNASKED && EITHER_FIRST && tUp && MAY_FAIL -> SPEND; heardT = E_SILENT
       fi;
       hearToken();
       if
       :: heardS != E_UNASKED && heardT != E_UNASKED -> decideInDoubt(); forgetHeard()
       :: else
       fi }
  :: STEP { w == W_ABORT && undecided -> renameToAborted() }
  :: STEP { w == W_ABORT && committed -> c_finish = true; w = W_FINISH }
  :: STEP { w == W_ABORT && !undecided && !committed -> c_rollback = true; w = W_ROLL_S }
  /* forward */
  :: STEP { w == W_FINISH && tUp && FINISHED -> w = W_VERIFY }
  :: STEP { w == W_VERIFY && tUp && SEEN_RUNNING -> cleanUp() }
  :: STEP { w == W_CLEAN && sUp && tUp && BOTH_CLEAN -> w = W_FORGET }
  :: STEP { w == W_FORGET -> forgetEpoch(); w = W_UNLOCK }
  :: STEP { w == W_UNLOCK && sj == J_CLOSED && tj == J_CLOSED -> locked = false; w = W_MIGRATED }
  /* back */
  :: STEP { w == W_ROLL_S && sUp && SOURCE_IS_BACK -> c_release = true; w = W_ROLL_T }
  :: STEP { w == W_ROLL_T && tUp && tj == J_CLOSED && sj == J_CLOSED -> w = W_ROLL_F }
  :: STEP { w == W_ROLL_F && locked -> locked = false }
  :: STEP { w == W_ROLL_F && !locked -> forgetEpoch(); w = W_ROLLEDBACK }
#ifdef ORCHESTRATOR_LOST
  :: STEP { w == W_COPY || w == W_SETTLE || w == W_ABORT || w == W_FINISH || w == W_ROLL_S -> w = W_LOST }
#endif
  od
}
