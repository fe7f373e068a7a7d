/* The rules of a cold move, by name. Each mutant takes one away; nothing else in the model knows of mutants. */

/* HANDOVER is only sent when the guest is down and every volume was proved; the journal first. */
#ifdef MUTANT_HANDOVER_WHILE_UP
#define STOPPED_FOR_GOOD true
#else
#define STOPPED_FOR_GOOD (!sRuns)
#endif

/* The target commits only what is whole, and starts only after its own rename. */
#ifdef MUTANT_COMMIT_INCOMPLETE
#define WHOLE true
#define PROVED true
#else
#define WHOLE whole
#define PROVED whole
#endif
#ifdef MUTANT_START_BEFORE_RENAME
#define START_EARLY :: STEP { tUp && gate == G_GOT && undecided -> tRuns = true; checkRunning() }
#else
#define START_EARLY
#endif

/* The source starts its copy again only when the token says aborted, which it writes itself if nobody has decided. */
#ifdef MUTANT_GO_ON_UNDECIDED
#define MAY_GO_ON (!configOnTarget)
#define GO_ON_DECIDES false
#else
#define MAY_GO_ON ((aborted || (NO_TOKEN && sj != J_HANDED)) && !configOnTarget)
#define GO_ON_DECIDES true
#endif

/* Given back in this order: its copy is ended, the config goes back, the token says so. */
#ifdef MUTANT_RETURNED_BEFORE_END
#define FIRST_OF_RETURN giveBack(); configOnTarget = false
#define LAST_TO_END skip
#define MIDDLE_OF_RETURN tRuns = false
#define LAST_OF_RETURN skip
#elif defined(MUTANT_CONFIG_LAST)
#define FIRST_OF_RETURN skip
#define LAST_TO_END tRuns = false
#define MIDDLE_OF_RETURN giveBack()
#define LAST_OF_RETURN configOnTarget = false
#else
#define FIRST_OF_RETURN skip
#define LAST_TO_END tRuns = false
#define MIDDLE_OF_RETURN configOnTarget = false
#define LAST_OF_RETURN giveBack()
#endif

/* Only the owner gives back. */
#ifdef MUTANT_WORKFLOW_GIVES_BACK
#define WORKFLOW_GIVES_BACK :: STEP { w == W_FINISH && committed -> giveBack(); configOnTarget = false; c_rollback = true; w = W_ROLL_S }
#else
#define WORKFLOW_GIVES_BACK
#endif

/* A guest that was healthy once is never given back: its old copy may be freed. */
#ifdef MUTANT_RUNNING_GIVEN_BACK
#define MAY_GIVE_BACK true
#else
#define MAY_GIVE_BACK (tj != J_RUNNING)
#endif

/* Who learns `committed` without an answer asks whether the guest came up. */
#ifdef MUTANT_RETURN_UNASKED
#define RETURNED_SEEN false
#else
#define RETURNED_SEEN (tj == J_RETURNING && aborted)
#endif

/* Agents settle their journals on start. */
#ifdef MUTANT_SOURCE_STAYS_DOWN
#define SOURCE_RECOVERS false
#else
#define SOURCE_RECOVERS true
#endif
#ifdef MUTANT_TARGET_FORGETS
#define TARGET_RECOVERS false
#else
#define TARGET_RECOVERS true
#endif

/* Nothing is freed at the source before the target found its guest healthy. */
#ifdef MUTANT_FREED_UNSEEN
#define CAME_UP configOnTarget
#define SEEN_RUNNING true
#else
#define CAME_UP (gate == G_DONE || tj == J_RUNNING || (tj == J_CLOSED && configOnTarget))
#define SEEN_RUNNING tRuns
#endif

/*
 * A person may confirm fencing, and be wrong: nothing here asks whether the node is off. A source whose guest is down for its move starts it
 * only by the token, so a wrong word costs nothing, other than in a live migration. (In CL2 the orchestrator is lost, and its operator with it.)
 */
#if defined(MUTANT_COLD_NO_FENCING) || defined(ORCHESTRATOR_LOST)
#define MAY_CONFIRM false
#else
#define MAY_CONFIRM true
#endif
