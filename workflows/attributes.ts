import { defineSearchAttributeKey } from '@temporalio/common';

/** What an operator can filter the list of migrations by. The control worker registers them when it starts. */
export const ATTRIBUTES = {
  guestId: defineSearchAttributeKey('GuestId', 'KEYWORD'),
  guestKind: defineSearchAttributeKey('GuestKind', 'KEYWORD'),
  sourceNode: defineSearchAttributeKey('SourceNode', 'KEYWORD'),
  targetNode: defineSearchAttributeKey('TargetNode', 'KEYWORD'),
  phase: defineSearchAttributeKey('MigrationPhase', 'KEYWORD'),
  /** Of an evacuation, or of coming home: the node. */
  nodeName: defineSearchAttributeKey('NodeName', 'KEYWORD'),
  evacuationPhase: defineSearchAttributeKey('EvacuationPhase', 'KEYWORD'),
  needsOperator: defineSearchAttributeKey('NeedsOperator', 'BOOL'),
} as const;
