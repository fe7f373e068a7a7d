/*
 * The rules of the protocol, by name. Each mutant takes one away; nothing else in the model knows of mutants.
 */

/* Rule 1: the target runs its copy only with HANDOVER ... */
#ifdef MUTANT_NO_HANDOVER
#define HEARD_HANDOVER true
#else
#define HEARD_HANDOVER handover
#endif

/* ... and after its own rename, which is indivisible. */
#ifdef MUTANT_NO_RENAME
#define COMMIT :: STEP { tUp && gate == G_GOT && undecided -> gate = G_OWN }
#elif defined(MUTANT_COPY_AND_DELETE)
#define COMMIT :: STEP { tUp && gate == G_GOT && undecided -> gate = G_COPIED } \
  :: STEP { tUp && gate == G_COPIED -> renameToCommitted(); gate = G_OWN }
#else
#define COMMIT :: STEP { tUp && gate == G_GOT && undecided -> renameToCommitted(); gate = G_OWN }
#endif

/* The token is made once. */
#ifdef MUTANT_TOKEN_MADE_AGAIN
#define MAY_MAKE_TOKEN (!undecided)
#else
#define MAY_MAKE_TOKEN (!made)
#endif

/* HANDOVER is only sent after a clean `completed`, the journal first, and again until there is an answer. */
#ifdef MUTANT_EARLY_HANDOVER
#define STOPPED_FOR_GOOD (sq == S_POST || sq == S_DEV)
#else
#define STOPPED_FOR_GOOD (sq == S_POST)
#endif
#define NOTE_HANDED :: STEP { sUp && driver == D_DUTY && STOPPED_FOR_GOOD && sj == J_MIGRATING -> sj = J_HANDED }
#define SEND_HANDOVER :: STEP { sUp && driver == D_DUTY && STOPPED_FOR_GOOD && sj == J_HANDED && !handover && answer == A_NONE -> handover = true }
#ifdef MUTANT_HANDOVER_ONCE
#define HAND_OVER :: STEP { sUp && driver == D_DUTY && STOPPED_FOR_GOOD && sj == J_MIGRATING -> sj = J_HANDED; handover = true }
#else
#define HAND_OVER NOTE_HANDED SEND_HANDOVER
#endif

/* Rule 2: after `completed` the source runs only when the token says aborted (or was never made). */
#ifdef MUTANT_SOURCE_IMPATIENT
#define IMPATIENCE :: STEP { sUp && driver == D_DUTY && sq == S_POST && sj == J_HANDED -> sq = S_BACK; driver = D_ENDED; checkRunning() }
#else
#define IMPATIENCE
#endif
#define NEVER_MADE (NO_TOKEN && sj != J_HANDED && sq != S_POST)

/* Silence is no decision: the token is renamed first. */
#ifdef MUTANT_SILENCE_IS_ABORT
#define TARGET_IS_SILENT c_rollback = true; w = W_ROLL_S
#define MAY_ROLL_BACK true
#else
#define TARGET_IS_SILENT abort()
#define MAY_ROLL_BACK (aborted || NEVER_MADE)
#endif

/* An undo makes the decision itself if nobody has: a late reservation may have made the token after the workflow saw none. */
#if defined(MUTANT_UNDO_ONLY_READS) || defined(MUTANT_SILENCE_IS_ABORT)
#define UNDO_DECIDES false
#else
#define UNDO_DECIDES true
#endif

/* The source is undone first: the target's copy goes when the guest runs on the source. */
#ifdef MUTANT_TARGET_UNDONE_FIRST
#define SOURCE_IS_BACK true
#else
#define SOURCE_IS_BACK (sj == J_CLOSED)
#endif

/* Nothing of the source is freed before the guest was seen running on the target. */
#ifdef MUTANT_CLEANUP_UNVERIFIED
#define FINISHED true
#define SEEN_RUNNING true
#else
#define FINISHED (gate == G_DONE || tj == J_RUNNING || (tj == J_CLOSED && configOnTarget && T_RUNNING))
#define SEEN_RUNNING T_RUNNING
#endif

/* The token is forgotten last. */
#ifdef MUTANT_FORGOTTEN_EARLY
#define BOTH_CLEAN true
#else
#define BOTH_CLEAN (sj == J_CLOSED && tj == J_CLOSED)
#endif

/* A commit is finished as far as it can be, also when the target's QEMU is gone. */
#ifdef MUTANT_FINISH_NEEDS_QEMU
#define CONFIG_MAY_MOVE (tq != T_GONE)
#else
#define CONFIG_MAY_MOVE true
#endif

/* Recovery on start, before any task; a cancel that came too late is noticed. */
#ifdef MUTANT_NO_RECOVERY
#define RECOVERS false
#else
#define RECOVERS true
#endif
#ifdef MUTANT_LATE_CANCEL_UNSEEN
#define AFTER_A_LATE_CANCEL D_ENDED
#else
#define AFTER_A_LATE_CANCEL (sq == S_POST -> D_DUTY : D_ENDED)
#endif

/* Rule 2: a copy beyond `completed` goes on when the token says `aborted`, whoever wrote that, and without a command. */
#ifdef MUTANT_ABORT_NEEDS_COMMAND
#define ON_ABORTED driver = D_ENDED
#define READ_ABORTED
#else
#define ON_ABORTED sq = (sq == S_POST && aborted -> S_BACK : sq); driver = D_ENDED; checkRunning()
#define READ_ABORTED :: STEP { sUp && driver == D_DUTY && sq == S_POST && aborted -> sq = S_BACK; driver = D_ENDED; checkRunning() }
#endif

/* A person's word ends the wait for a lost source, and is only taken when the node is off. */
#ifdef MUTANT_FENCED_WHILE_ALIVE
#define MAY_CONFIRM true
#elif defined(MUTANT_NO_FENCING)
#define MAY_CONFIRM false
#else
#define MAY_CONFIRM sOff
#endif

/* Rule 3: commands of an earlier epoch are refused. Its token said `aborted` long ago, so nothing else would stop them. */
#ifdef MUTANT_STALE_ROLLBACK
#define STALE_AT_THE_SOURCE :: STEP { sUp && sq == S_POST -> sq = S_BACK; checkRunning() }
#else
#define STALE_AT_THE_SOURCE
#endif
#ifdef MUTANT_STALE_RELEASE
#define STALE_AT_THE_TARGET :: STEP { tUp && tq != T_NONE && tq != T_GONE -> destroyTarget() }
#else
#define STALE_AT_THE_TARGET
#endif
