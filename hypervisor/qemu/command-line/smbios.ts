import type { VmConfig } from '../../../domain/guest/vm-config.js';
import { isOn, parseProperties, quoteComma } from './option-text.js';

const KEYS = ['uuid', 'manufacturer', 'product', 'version', 'serial', 'sku', 'family'];

/** `smbios1` as QEMU's system table. With `base64=1` every value but the UUID is encoded in the config. */
export function smbiosArgs(config: VmConfig): string[] {
  const options = parseProperties(config.values['smbios1'] ?? '', 'uuid');
  const encoded = isOn(options['base64']);
  const fields = KEYS.flatMap((key) => {
    const value = options[key];
    if (value === undefined) return [];
    return [`${key}=${quoteComma(encoded && key !== 'uuid' ? Buffer.from(value, 'base64').toString('utf8') : value)}`];
  });
  return fields.length === 0 ? [] : ['-smbios', ['type=1', ...fields].join(',')];
}

export const smbiosUuid = (config: VmConfig): string | null => parseProperties(config.values['smbios1'] ?? '', 'uuid')['uuid'] ?? null;
