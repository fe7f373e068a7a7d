import type { Refusal } from '../contracts/plan.js';
import type { CheckContext } from './context.js';
import { isLive } from './context.js';
import { refuse } from './refuse.js';

/** The guest: there is one, it is a running VM, and there is only one of it. */
export function checkGuest(context: CheckContext): readonly Refusal[] {
  const { cluster, request, vm } = context;
  const { vmid } = request;
  if (cluster.guest === null) {
    const file = `nodes/*/qemu-server/${vmid}.conf`;
    return [refuse('guest-not-found', `Configuration file '${file}' does not exist: no guest ${vmid} in this cluster`, 'check the number: qm list, pct list')];
  }
  if (vm === null) return [];
  return [...checkTemplate(context), ...checkState(context), ...checkOnline(context), ...checkTargetFree(context)];
}

function checkTemplate({ vm, request: { vmid, target } }: CheckContext): Refusal[] {
  if (vm?.config.template !== true) return [];
  return [refuse('guest-is-template', `VM ${vmid} is a template: it never runs, so it can't be moved live`, `on ${vm.node}: qm migrate ${vmid} ${target}`)];
}

function checkState(context: CheckContext): Refusal[] {
  const { source, vm, request: { vmid } } = context;
  if (source === null || vm === null || isLive(context)) return [];
  return [
    refuse(
      'guest-state-unsuitable',
      `VM ${vmid} on ${vm.node} is in state '${source.guest.state}', left by something that did not end`,
      `find out what it was (qm status ${vmid} --verbose) and resume or stop the VM`,
    ),
  ];
}

function checkOnline(context: CheckContext): Refusal[] {
  if (context.request.online !== false || !isLive(context)) return [];
  return [refuse('online-required', "can't migrate running VM without --online", 'add --online, or stop the VM first')];
}

function checkTargetFree({ target, request: { vmid } }: CheckContext): Refusal[] {
  if (target === null || target.guest.state === 'stopped') return [];
  return [
    refuse(
      'target-has-guest',
      `VM ${vmid} already running on ${target.node}: a QEMU in state '${target.guest.state}' is there`,
      `it is left over from something else: look at it (qm status ${vmid} on ${target.node}), then stop it`,
    ),
  ];
}
