/* The workflow of a cold move, what happens by itself, the operator, and what may go wrong. */

inline hearSource() {
  if
  :: sj == J_HANDED -> heardS = E_STOPPED
  :: sj != J_HANDED && sRuns -> heardS = E_RUNS
  :: sj != J_HANDED && !sRuns -> heardS = E_LIVE
  fi
}

inline hearTarget() {
  if
  :: tRuns -> heardT = E_RUNS
  :: !tRuns && whole && tj != J_RETURNING -> heardT = E_WHOLE
  :: !tRuns && (!whole || tj == J_RETURNING) -> heardT = E_LIVE
  fi
}

#ifdef MAX_FAULTS
#define ABORT_MAY_COME_LATE false   /* it could hide that nobody else decides */
#define EITHER_FIRST (heardS != E_UNASKED)
#else
#define ABORT_MAY_COME_LATE true
#define EITHER_FIRST true
#endif
inline abort() { c_abort = ABORT_MAY_COME_LATE; w = W_ABORT }
inline forgetHeard() { heardS = E_UNASKED; heardT = E_UNASKED }

/* domain/resolve/decide-in-doubt.ts; the token is read last. It may have been forgotten, by a workflow that was reset since. */
inline decideInDoubt() {
  needsFencing = false;
  if
  :: committed -> c_finish = true; w = W_FINISH
  :: aborted -> c_rollback = true; w = W_ROLL_S
  :: NO_TOKEN && configOnTarget && heardT != E_SILENT -> c_finish = true; w = W_FINISH
  :: NO_TOKEN && heardT == E_SILENT && heardS != E_RUNS -> skip
  :: NO_TOKEN && !configOnTarget && (heardT != E_SILENT || heardS == E_RUNS) -> c_rollback = true; w = W_ROLL_S
  :: NO_TOKEN && configOnTarget && heardT == E_SILENT && heardS == E_RUNS -> skip
  :: undecided ->
     if
     :: heardS == E_SILENT && heardT == E_SILENT -> skip
     :: heardS == E_SILENT && heardT == E_WHOLE -> if :: fenced -> c_finish = true :: else -> needsFencing = true fi
     :: heardS == E_SILENT && (heardT == E_LIVE || heardT == E_RUNS) -> abort()
     :: heardS == E_LIVE || heardS == E_RUNS -> abort()
     :: heardS == E_STOPPED && (heardT == E_SILENT || heardT == E_LIVE) -> abort()
     :: heardS == E_STOPPED && (heardT == E_WHOLE || heardT == E_RUNS) -> c_finish = true
     fi
  fi
}

active proctype Workflow() {
end:
  do
  :: STEP { w == W_RESERVE && sj == J_OPEN && tj == J_ARMED && sUp && tUp -> c_switch = true; w = W_SWITCH }
  :: STEP { w == W_RESERVE -> abort() }
  /* the answer brings the target's word that the guest runs */
  :: STEP { w == W_SWITCH && driver == D_DONE && sUp -> c_clean = true; w = W_CLEAN }
  :: STEP { w == W_SWITCH -> w = W_SETTLE }
  :: atomic { w == W_SETTLE ->
       if
       :: heardS == E_UNASKED && sUp -> hearSource()
       :: heardS == E_UNASKED && !sUp -> heardS = E_SILENT
       :: heardS == E_UNASKED && sUp && MAY_FAIL -> SPEND; heardS = E_SILENT
       :: heardT == E_UNASKED && EITHER_FIRST && tUp -> hearTarget()
       :: heardT == E_UNASKED && EITHER_FIRST && !tUp -> heardT = E_SILENT
       :: heardT == E_UNASKED && EITHER_FIRST && tUp && MAY_FAIL -> SPEND; heardT = E_SILENT
       fi;
       if
       :: heardS != E_UNASKED && heardT != E_UNASKED -> decideInDoubt(); forgetHeard()
       :: else
       fi }
  :: STEP { w == W_ABORT && undecided -> renameToAborted() }
  :: STEP { w == W_ABORT && committed -> c_finish = true; w = W_FINISH }
  :: STEP { w == W_ABORT && !undecided && !committed -> c_rollback = true; w = W_ROLL_S }
  /* finishCold: it came up, or was given back */
  :: STEP { w == W_FINISH && tUp && CAME_UP -> w = W_VERIFY }
  :: STEP { w == W_FINISH && tUp && RETURNED_SEEN -> c_rollback = true; w = W_ROLL_S }
  WORKFLOW_GIVES_BACK
  :: STEP { w == W_VERIFY && tUp && SEEN_RUNNING -> c_clean = true; w = W_CLEAN }
  :: STEP { w == W_CLEAN && sUp && tUp && sj == J_CLOSED && tj == J_CLOSED -> w = W_FORGET }
  :: STEP { w == W_FORGET -> undecided = false; committed = false; aborted = false; made = false; w = W_UNLOCK }
  :: STEP { w == W_UNLOCK -> locked = false; w = W_MIGRATED }
  :: STEP { w == W_ROLL_S && sUp && sj == J_CLOSED -> c_release = true; w = W_ROLL_T }
  :: STEP { w == W_ROLL_T && tUp && tj == J_CLOSED -> w = W_ROLL_F }
  :: STEP { w == W_ROLL_F && locked -> locked = false }
  :: STEP { w == W_ROLL_F && !locked -> undecided = false; committed = false; aborted = false; made = false; w = W_ROLLEDBACK }
#ifdef ORCHESTRATOR_LOST
  :: STEP { w == W_SWITCH || w == W_SETTLE || w == W_ABORT || w == W_FINISH || w == W_ROLL_S -> w = W_LOST }
#endif
  od
}

active proctype Nature() {
end:
  do
  /* Supervisors restart agents, a node is switched on again. Settling the journal comes before any task. */
  :: STEP { !sUp && !sOff -> sUp = true;
       if
       :: SOURCE_RECOVERS && sj == J_HANDED -> driver = D_HANDING
       :: SOURCE_RECOVERS && sj == J_STOPPING -> driver = D_BACK
       :: else
       fi }
  :: STEP { !tUp -> tUp = true;
       if
       :: TARGET_RECOVERS && (tj == J_ARMED || tj == J_STARTING) && committed -> armed = true; gate = G_GOT
       :: TARGET_RECOVERS && tj == J_RETURNING && committed -> armed = true; gate = G_RET
       :: TARGET_RECOVERS && tj == J_ARMED && undecided -> armed = true
       :: else
       fi }
#ifndef OFF_FOR_GOOD
  :: STEP { sOff -> sOff = false }
#endif
  :: STEP { needsFencing && !fenced && MAY_CONFIRM -> fenced = true }
  /* a guest that belongs to the target and does not run there any more is started there */
  :: STEP { w == W_VERIFY && configOnTarget && !tRuns && tUp -> tRuns = true; checkRunning() }
  od
}

active proctype Faults() {
end:
  do
  :: STEP { MAY_FAIL && sUp -> SPEND; sUp = false; driver = D_NONE }
  :: STEP { MAY_FAIL && tUp -> SPEND; tUp = false; armed = false; gate = G_IDLE }
  :: STEP { POWER_MAY_FAIL && !sOff && sj != J_CLOSED -> SPEND; sOff = true; sUp = false; driver = D_NONE; if :: sRuns -> sRuns = false; sLost = true :: else fi }
#ifndef OFF_FOR_GOOD
  :: STEP { POWER_MAY_FAIL && tUp && tj != J_CLOSED -> SPEND; tUp = false; armed = false; gate = G_IDLE; if :: tRuns -> tRuns = false; tLost = true :: else fi }
  :: STEP { MAY_FAIL && locked && w >= W_SWITCH && w <= W_ROLL_F -> SPEND; w = W_SETTLE; needsFencing = false; forgetHeard() }   /* terminated and reset */
#endif
  /* the cluster file system is read-only for a moment: the attempt ends, another one follows */
  :: STEP { MAY_FAIL && tUp && (gate == G_OWN || gate == G_CFG || gate >= G_RET) -> SPEND; gate = G_IDLE }
  :: STEP { MAY_FAIL && handover -> SPEND; handover = false }
  :: STEP { MAY_FAIL && answer != A_NONE -> SPEND; answer = A_NONE }
#ifdef MAX_FAULTS
  :: true -> skip   /* time goes on, also when nobody can do anything: spin takes a standstill for a fair end otherwise */
#endif
  od
}
