import type { MachineFamily } from './machine.js';

/**
 * Gives every device the place PVE gives it on the same machine, so that a guest finds its devices where they were,
 * whatever is added or removed between two starts. Remembers which bridges that takes.
 */
export class PciSlots {
  readonly #family: MachineFamily;
  readonly #bridges = new Set<Bridge>();

  constructor(family: MachineFamily) {
    this.#family = family;
  }

  /** `,bus=…,addr=…` for a device by name: `vga`, `agent`, `scsihwN`, `virtioscsiN`, `ahciN`, `virtioN`, `netN`. */
  place(device: string): string {
    const index = Number(/\d+$/.exec(device)?.[0] ?? 0);
    switch (device.replace(/\d+$/, '')) {
      case 'vga': return this.#root(0x2);
      case 'agent': return this.#root(0x8);
      case 'ahci': return this.#root(0x7);
      case 'scsihw': return this.#root(SCSI_SLOTS[index] ?? 0x0);
      case 'virtioscsi': return this.#behind('pci.3', 1 + index);
      case 'virtio': return index < 6 ? this.#root(0xa + index) : this.#behind('pci.2', index - 5);
      case 'net': return index < 6 ? this.#root(0x12 + index) : this.#behind('pci.1', index - 5);
      default: throw new Error(`no PCI place for ${device}`);
    }
  }

  bridgeArgs(): string[] {
    return [...this.#bridges].sort().flatMap((bridge) =>
      ['-device', `pci-bridge,id=${bridge},chassis_nr=${bridge.slice(4)}${this.#root(BRIDGE_SLOTS[this.#family][bridge])}`]);
  }

  #root(slot: number): string {
    return `,bus=${this.#family === 'pc' ? 'pci.0' : 'pcie.0'},addr=0x${slot.toString(16)}`;
  }

  #behind(bridge: Bridge, slot: number): string {
    this.#bridges.add(bridge);
    return `,bus=${bridge},addr=0x${slot.toString(16)}`;
  }
}

/** Five controllers of seven disks hold PVE's scsi0 to scsi30. */
const SCSI_SLOTS = [0x5, 0x6, 0x9, 0x10, 0x11];

type Bridge = 'pci.1' | 'pci.2' | 'pci.3';

/** A q35's own devices sit at 0x1a and 0x1d to 0x1f. `pci.3` takes the place of the `scsihw0` it excludes. */
const BRIDGE_SLOTS: Readonly<Record<MachineFamily, Readonly<Record<Bridge, number>>>> = {
  pc: { 'pci.1': 0x1e, 'pci.2': 0x1f, 'pci.3': 0x5 },
  q35: { 'pci.1': 0x18, 'pci.2': 0x19, 'pci.3': 0x5 },
};
