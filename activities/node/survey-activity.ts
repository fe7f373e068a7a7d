import type { NodeSurveyActivities } from '../../domain/contracts/evacuation-activities.js';
import type { NodeSurvey } from '../../domain/contracts/evacuation.js';
import { atTheEdge } from '../at-the-edge.js';

export interface SurveyActivityDeps {
  survey(options: { readonly probeDirtyRates: boolean }): Promise<NodeSurvey>;
}

/** What an agent tells of its node as a place for guests, on queue `node-<name>`. */
export const createSurveyActivity = ({ survey }: SurveyActivityDeps): NodeSurveyActivities =>
  atTheEdge<NodeSurveyActivities>({ surveyNode: ({ probeDirtyRates }) => survey({ probeDirtyRates }) });
