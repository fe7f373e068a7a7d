import { randomUUID } from 'node:crypto';
import { MIGRATIONS_QUEUE, planWorkflowId } from '../../domain/ids.js';
import type { EvacuationPlan } from '../../domain/contracts/evacuation.js';
import { withCluster } from '../fakes/evacuation.js';
import { describeCases } from '../fakes/table.js';

jest.setTimeout(120_000);

describeCases('planning an evacuation', {
  'says who would go, and touches nothing': (bench) => withCluster(bench, { nodes: 3 }, async (cluster) => {
    cluster.add(3);
    const node = cluster.node(0);
    const plan = await bench.env.client.workflow.execute<(raw: unknown) => Promise<EvacuationPlan>>('planEvacuation', {
      workflowId: planWorkflowId(node, randomUUID()), taskQueue: MIGRATIONS_QUEUE, args: [{ node }],
    });
    expect({ node: plan.node, moves: plan.moves.length, begun: cluster.begun, cordons: cluster.cordons.size }).toEqual({ node, moves: 3, begun: [], cordons: 0 });
  }),
});
