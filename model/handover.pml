/*
 * The handover protocol of docs/handover.md: one migration of one guest, checked by spin over all interleavings.
 * docs/model.md says what is modelled and what is not. `node model/run.mjs` checks everything.
 *
 * - Every step is one guarded, indivisible command; between any two steps any party may die, restart, fall silent or be late.
 * - A command the workflow has once sent (c_...) may be carried out at any later time, any number of times: activities that
 *   timed out are still under way, attempts are repeated, a reset workflow has predecessors.
 * - A file system or a node that comes back is a delay, and there is no clock: every wait may be arbitrarily long or short.
 *
 * Switches:
 *   MAX_FAULTS=n   at most n faults, for the liveness properties (what breaks for ever never ends); undefined: any number
 *   ORCHESTRATOR_LOST  the workflow may stop for good before it has begun to settle the migration, and no QEMU dies
 *   OFF_FOR_GOOD   a source node that loses its power never comes back
 *   MUTANT_...     one rule of the protocol taken away (rules.pml)
 */

#include "state.pml"
#include "properties.pml"
#include "rules.pml"
#include "source-agent.pml"
#include "target-agent.pml"
#include "workflow.pml"
#include "nature.pml"
