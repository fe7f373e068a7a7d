import { condition } from '@temporalio/workflow';
import type { NodeName } from '../../domain/ids.js';

/** What operators, and fence commands, have said about one migration: what its phases heed, and what ends their pauses. */
export class OperatorWord {
  readonly #fenced = new Set<NodeName>();
  #givesUp = false;
  #said = 0;

  /** Nodes vouched for: off, or rebooted since. */
  get fenced(): readonly NodeName[] {
    return [...this.#fenced];
  }

  get givesUp(): boolean {
    return this.#givesUp;
  }

  /** Why a step on this node need not be waited for; null: it has to be done. */
  excuses(node: NodeName): string | null {
    if (this.#fenced.has(node)) return `${node} was fenced`;
    return this.#givesUp ? 'it was given up' : null;
  }

  confirmFenced(node: NodeName): void {
    this.#fenced.add(node);
    this.retryNow();
  }

  giveUp(): void {
    this.#givesUp = true;
    this.retryNow();
  }

  /** It is no longer in anybody's hand: only forward, or it would risk a copy. */
  dropGiveUp(): void {
    this.#givesUp = false;
  }

  /** Ends every pause. */
  retryNow(): void {
    this.#said += 1;
  }

  /** How often somebody has spoken. */
  get said(): number {
    return this.#said;
  }

  /** Resolves when somebody has spoken since then. */
  async spokenSince(heard: number): Promise<void> {
    await condition(() => this.#said !== heard);
  }
}
