/* The agent of the source node. */

inline goOnDuty() {
  if
  :: sq == S_PRE || sq == S_DEV -> driver = D_REFUSE
  :: sq == S_COPY || sq == S_POST -> driver = D_DUTY
  :: else -> driver = D_ENDED
  fi
}

active proctype SourceAgent() {
end:
  do
  /* prepareSource */
  :: STEP { sUp && sj == J_NONE && locked && !c_rollback -> sj = J_OPEN }
  /* precopy: the journal first; the stream only towards an armed target, and after a test write beside the token */
  :: STEP { sUp && c_copy && sj == J_OPEN && driver == D_NONE && armed && tUp -> sj = J_MIGRATING }
  :: STEP { sUp && c_copy && sj == J_MIGRATING && driver == D_NONE && sq == S_FRESH && armed && tUp && tq == T_WAIT ->
       sq = S_COPY; tq = T_LOADS; stream = M_OPEN; driver = D_DUTY }
  /* pre-switchover: with permission on, else back */
  :: STEP { sUp && driver == D_DUTY && sq == S_PRE -> sq = S_DEV }
  :: STEP { sUp && driver == D_DUTY && sq == S_PRE -> sq = S_BACK; driver = D_ENDED; checkRunning() }
  /* completed: the journal, then HANDOVER, again and again until there is an answer */
  HAND_OVER
  :: STEP { sUp && driver == D_DUTY && answer == A_COMMITTED -> answer = A_NONE; driver = D_DONE }
  :: STEP { sUp && driver == D_DUTY && answer == A_ABORTED -> answer = A_NONE; ON_ABORTED }
  /* the token, read while no answer comes: what it says needs no command */
  READ_ABORTED
  :: STEP { sUp && driver == D_DUTY && (sq == S_BACK || sq == S_GONE) -> driver = D_ENDED }
  IMPATIENCE
  /* after a restart: a cancel, which may come too late */
  :: STEP { sUp && driver == D_REFUSE && (sq == S_PRE || sq == S_DEV) -> sq = S_BACK; driver = D_ENDED; checkRunning() }
  :: STEP { sUp && driver == D_REFUSE && sq >= S_POST -> driver = AFTER_A_LATE_CANCEL }
  :: STEP { sUp && c_copy && driver == D_NONE && sq == S_GONE && (sj == J_OPEN || sj == J_MIGRATING) -> driver = D_ENDED }
  /* decideAborted */
  :: STEP { sUp && c_abort && undecided -> renameToAborted() }
  /* rollbackSource */
  :: STEP { sUp && c_rollback && sj == J_NONE -> sj = J_CLOSED }
  :: STEP { sUp && c_rollback && UNDO_DECIDES && undecided && sj != J_CLOSED -> renameToAborted() }
  :: STEP { sUp && c_rollback && sj != J_NONE && sj != J_CLOSED && driver != D_ROLLING && MAY_ROLL_BACK -> driver = D_ROLLING }
  :: STEP { sUp && driver == D_ROLLING && BUSY -> sq = S_BACK; checkRunning() }
  :: STEP { sUp && driver == D_ROLLING && sq == S_POST -> sq = S_BACK; checkRunning() }
  :: STEP { sUp && driver == D_ROLLING && (sq == S_FRESH || sq == S_BACK || sq == S_GONE) -> sj = J_CLOSED; driver = D_NONE }
  /* cleanupSource */
  :: STEP { sUp && c_clean && sj != J_CLOSED && committed && configOnTarget -> destroySource(); sj = J_CLOSED; driver = D_NONE }
  STALE_AT_THE_SOURCE
  od
}
