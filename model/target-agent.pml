/* The agent of the target node. */

/* A HANDOVER that was sent may come again, at any later time; for the temporal properties the source repeats it. */
#ifdef MAX_FAULTS
inline take() { handover = false }
#else
inline take() { skip }
#endif

active proctype TargetAgent() {
end:
  do
  /* reserveTarget; its journal names what it makes before it is there */
  :: STEP { tUp && tj == J_NONE && locked && !c_release -> tj = J_OPEN }
  :: STEP { tUp && (tj == J_OPEN || tj == J_ARMED) && (tq == T_NONE || tq == T_GONE) && !committed && !aborted && (NO_TOKEN -> !made : true) -> tq = T_WAIT }
  :: STEP { tUp && tj == J_OPEN && tq == T_WAIT && MAY_MAKE_TOKEN -> makeToken() }
  :: STEP { tUp && tj == J_OPEN && tq == T_WAIT && undecided -> tj = J_ARMED; armed = true }
  /* HANDOVER: rule 1 */
  :: STEP { tUp && armed && gate == G_IDLE && tq == T_WHOLE && HEARD_HANDOVER -> take(); gate = G_GOT }
  :: STEP { tUp && armed && gate == G_DONE && handover -> take(); answer = A_COMMITTED }
  :: STEP { tUp && armed && gate == G_IDLE && handover && aborted -> take(); answer = A_ABORTED }
  COMMIT
  :: STEP { tUp && gate == G_GOT && !undecided && !committed -> gate = G_IDLE; if :: aborted -> answer = A_ABORTED :: else fi }
  :: STEP { tUp && gate == G_OWN && CONFIG_MAY_MOVE -> configOnTarget = true; gate = G_CFG }
  :: STEP { tUp && gate == G_CFG && tq != T_GONE -> tq = T_RUNS; tRan = true; gate = G_DONE; answer = A_COMMITTED; checkRunning() }
  :: STEP { tUp && gate == G_CFG && tq == T_GONE -> gate = G_IDLE }
  :: STEP { tUp && gate == G_DONE && tj == J_ARMED -> tj = J_RUNNING }
  /* finishCommit; with an undecided token the caller vouches for HANDOVER */
  :: STEP { tUp && c_finish && tj == J_ARMED && gate == G_IDLE && undecided && tq == T_WHOLE -> gate = G_GOT }
  :: STEP { tUp && c_finish && tj == J_ARMED && gate == G_IDLE && committed && (configOnTarget -> tq != T_GONE : true) -> gate = G_OWN }
  /* decideAborted */
  :: STEP { tUp && c_abort && undecided -> renameToAborted() }
  /* releaseReservation */
  :: STEP { tUp && c_release && tj == J_NONE -> tj = J_CLOSED }
  :: STEP { tUp && c_release && UNDO_DECIDES && undecided && tj != J_CLOSED -> renameToAborted() }
  :: STEP { tUp && c_release && (tj == J_OPEN || tj == J_ARMED || tj == J_RUNNING) && (aborted || NO_TOKEN) -> destroyTarget(); tj = J_CLOSED; armed = false; gate = G_IDLE }
  /* cleanupTarget */
  :: STEP { tUp && c_clean && tj != J_CLOSED -> tj = J_CLOSED; armed = false; gate = G_IDLE }
  STALE_AT_THE_TARGET
  od
}
