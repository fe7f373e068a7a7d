/* What happens by itself, the operator, and what may go wrong. */

active proctype Nature() {
end:
  do
  /* The two QEMUs. */
  /* QEMU picks the moment of the switch by itself. */
  :: STEP { sq == S_COPY && tq == T_LOADS -> sq = S_PRE }
  :: STEP { BUSY && tq != T_LOADS && stream == M_OPEN -> sq = S_BACK; checkRunning() }
  :: STEP { sq == S_DEV && stream == M_OPEN && tq == T_LOADS -> stream = M_SENT }
  :: STEP { sq == S_DEV && stream == M_ACKED -> sq = S_POST }
  /* The stream failed, or only its last acknowledgement was lost: QEMU lets the guest run on. */
  :: STEP { sq == S_DEV -> sq = S_BACK; checkRunning() }
  :: STEP { tq == T_LOADS && stream == M_SENT -> tq = T_ACK; stream = M_ACKED }
  :: STEP { tq == T_LOADS && !BUSY -> tq = T_GONE }
  :: STEP { tq == T_ACK -> tq = T_WHOLE }

  /* Supervisors restart agents, a node is switched on again. Settling the journal comes before any task. */
  :: STEP { !sUp && !sOff -> sUp = true; if :: RECOVERS && (sj == J_MIGRATING || sj == J_HANDED) && sq != S_FRESH -> goOnDuty() :: else fi }
  :: STEP { !tUp -> tUp = true;
       if
       :: RECOVERS && tj == J_ARMED && tq != T_GONE && committed -> gate = G_OWN
       :: RECOVERS && tj == J_ARMED && tq != T_GONE && undecided && !committed -> armed = true
       :: else
       fi }
#ifndef OFF_FOR_GOOD
  :: STEP { sOff -> sOff = false }
#endif

  /* The operator. */
  /* confirmFenced: the node is off, and the agent and QEMU there answer nobody */
  :: STEP { needsFencing && !fenced && MAY_CONFIRM -> fenced = true }
  /* a guest that belongs to the target and does not run there is started there */
  :: STEP { (w == W_FINISH || w == W_VERIFY) && configOnTarget && tq == T_GONE && tUp -> tq = T_RUNS; tRan = true; checkRunning() }
  od
}

active proctype Faults() {
end:
  do
  :: STEP { MAY_FAIL && sUp -> SPEND; sUp = false; driver = D_NONE }
  :: STEP { MAY_FAIL && tUp -> SPEND; tUp = false; armed = false; gate = G_IDLE }
  :: STEP { QEMU_MAY_DIE && sq != S_GONE && sj != J_CLOSED -> SPEND; sq = S_GONE; sLost = true }
#ifndef OFF_FOR_GOOD
  :: STEP { QEMU_MAY_DIE && tq != T_GONE && tq != T_NONE && tj != J_CLOSED -> SPEND; tq = T_GONE; tLost = true }
  :: STEP { QEMU_MAY_DIE && tUp && tj != J_CLOSED -> SPEND; tUp = false; armed = false; gate = G_IDLE; if :: tq != T_NONE -> tq = T_GONE; tLost = true :: else fi }
  :: STEP { MAY_FAIL && locked && w >= W_COPY && w <= W_ROLL_F -> SPEND; w = W_SETTLE; needsFencing = false; forgetHeard() }   /* terminated and reset */
#endif
  :: STEP { QEMU_MAY_DIE && !sOff && sj != J_CLOSED -> SPEND; sOff = true; sUp = false; driver = D_NONE; sq = S_GONE; sLost = true }
  :: STEP { MAY_FAIL && handover -> SPEND; handover = false }
  :: STEP { MAY_FAIL && answer != A_NONE -> SPEND; answer = A_NONE }
#ifdef MAX_FAULTS
  :: true -> skip   /* time goes on, also when nobody can do anything: spin takes a standstill for a fair end otherwise */
#endif
  od
}
