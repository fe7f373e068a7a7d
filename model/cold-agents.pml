/* Both agents: hypervisor/cold/source-session.ts, go-on-here.ts, source-end.ts; gate.ts, target-sessions.ts, target-end.ts. */

active proctype SourceAgent() {
end:
  do
  :: STEP { sUp && sj == J_NONE && locked && !c_rollback -> sj = J_OPEN }
  /* handOverCold: towards an armed target, after a test write beside the token */
  :: STEP { sUp && c_switch && driver == D_NONE && sj == J_OPEN && armed && tUp && undecided -> sj = J_STOPPING; driver = D_SWITCH }
  :: STEP { sUp && c_switch && driver == D_NONE && (sj == J_STOPPING || sj == J_RESTARTED) -> driver = D_ENDED }
  :: STEP { sUp && driver == D_SWITCH && sRuns -> sRuns = false }
  :: STEP { sUp && driver == D_SWITCH && STOPPED_FOR_GOOD && !whole && armed && tUp && tj == J_ARMED -> whole = true }
  /* it does not stop in time, the copy fails, it is called off: the guest goes on here */
  :: STEP { sUp && driver == D_SWITCH -> driver = D_BACK }
  :: STEP { sUp && driver == D_SWITCH && STOPPED_FOR_GOOD && PROVED -> sj = J_HANDED; driver = D_HANDING }
  /* HANDOVER, again and again; the token, read while no answer comes */
  :: STEP { sUp && driver == D_HANDING && !handover && answer == A_NONE -> handover = true }
  :: STEP { sUp && driver == D_HANDING && answer == A_COMMITTED -> answer = A_NONE; driver = D_DONE }
  :: STEP { sUp && driver == D_HANDING && answer == A_ABORTED -> answer = A_NONE; if :: aborted && !configOnTarget -> driver = D_BACK :: else fi }
  :: STEP { sUp && driver == D_HANDING && aborted && !configOnTarget -> driver = D_BACK }
  /* goOnHere */
  :: STEP { sUp && driver == D_BACK && GO_ON_DECIDES && undecided && !configOnTarget -> renameToAborted() }
  :: STEP { sUp && driver == D_BACK && MAY_GO_ON -> sRuns = true; checkRunning(); sj = J_RESTARTED; driver = D_ENDED }
  :: STEP { sUp && driver == D_BACK && (committed || configOnTarget) -> driver = D_ENDED }
  /* decideAborted */
  :: STEP { sUp && c_abort && undecided -> renameToAborted() }
  /* rollbackColdSource */
  :: STEP { sUp && c_rollback && sj == J_NONE -> sj = J_CLOSED }
  :: STEP { sUp && c_rollback && undecided && sj != J_CLOSED -> renameToAborted() }
  :: STEP { sUp && c_rollback && sj != J_NONE && sj != J_CLOSED && (aborted || (NO_TOKEN && sj != J_HANDED)) && !configOnTarget ->
       if :: !sRuns && sj != J_OPEN -> sRuns = true; checkRunning() :: else fi; sj = J_CLOSED; driver = D_NONE }
  /* cleanUpColdSource */
  :: STEP { sUp && c_clean && sj != J_CLOSED && committed && configOnTarget -> freeSource(); sj = J_CLOSED; driver = D_NONE }
  od
}

/* A HANDOVER that was sent may come again, at any later time; for the temporal properties the source repeats it. */
#ifdef MAX_FAULTS
inline take() { handover = false }
#else
inline take() { skip }
#endif

active proctype TargetAgent() {
end:
  do
  :: STEP { tUp && tj == J_NONE && locked && !c_release -> tj = J_OPEN }
  :: STEP { tUp && tj == J_OPEN && !made -> makeToken() }
  :: STEP { tUp && tj == J_OPEN && undecided -> tj = J_ARMED; armed = true }
  /* onHandover; a repeated one gets the same answer, and ends a return that was begun */
  :: STEP { tUp && armed && gate == G_IDLE && handover && WHOLE && tj != J_RETURNING && tj != J_CLOSED -> take(); gate = G_GOT }
  :: STEP { tUp && armed && gate == G_IDLE && handover && tj == J_RETURNING -> take(); gate = G_RET }
  :: STEP { tUp && armed && gate == G_DONE && handover -> take(); answer = A_COMMITTED }
  START_EARLY
  :: STEP { tUp && gate == G_GOT && undecided -> renameToCommitted(); gate = G_OWN }
  :: STEP { tUp && gate == G_GOT && committed -> gate = G_OWN }
  :: STEP { tUp && gate == G_GOT && !undecided && !committed -> gate = G_IDLE; answer = A_ABORTED }
  :: STEP { tUp && gate == G_OWN -> configOnTarget = true; gate = G_CFG }
  :: STEP { tUp && gate == G_CFG && tj == J_ARMED -> tj = J_STARTING }
  :: STEP { tUp && gate == G_CFG && tj != J_ARMED -> tRuns = true; checkRunning(); gate = G_UP }
  :: STEP { tUp && gate == G_UP -> tj = J_RUNNING; tRan = true; gate = G_DONE; answer = A_COMMITTED }
  /* it does not come up */
  :: STEP { tUp && (gate == G_CFG || gate == G_UP) && tj != J_ARMED && MAY_GIVE_BACK -> tj = J_RETURNING; gate = G_RET; FIRST_OF_RETURN }
  :: STEP { tUp && gate == G_RET -> LAST_TO_END; gate = G_ENDED }
  :: STEP { tUp && gate == G_ENDED -> MIDDLE_OF_RETURN; gate = G_BACK }
  :: STEP { tUp && gate == G_BACK -> LAST_OF_RETURN; gate = G_IDLE; answer = A_ABORTED }
  /* finishCommit; with an undecided token the caller vouches for HANDOVER */
  :: STEP { tUp && c_finish && gate == G_IDLE && (undecided || committed) && WHOLE && (tj == J_ARMED || tj == J_STARTING || (tj == J_RUNNING && !tRuns)) -> gate = G_GOT }
  :: STEP { tUp && c_finish && gate == G_IDLE && tj == J_RETURNING && committed -> gate = G_RET }
  /* decideAborted */
  :: STEP { tUp && c_abort && undecided -> renameToAborted() }
  /* releaseColdTarget */
  :: STEP { tUp && c_release && tj == J_NONE -> tj = J_CLOSED }
  :: STEP { tUp && c_release && undecided && tj != J_CLOSED -> renameToAborted() }
  :: STEP { tUp && c_release && tj != J_NONE && tj != J_CLOSED && (aborted || NO_TOKEN) && !configOnTarget -> freeTarget(); tj = J_CLOSED; armed = false; gate = G_IDLE }
  /* cleanUpColdTarget */
  :: STEP { tUp && c_clean && tj != J_CLOSED -> tj = J_CLOSED; armed = false; gate = G_IDLE }
  od
}
