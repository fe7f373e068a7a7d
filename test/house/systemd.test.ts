import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const unit = (name: string): readonly string[] => readFileSync(join(process.env['FERRY_HOME'] as string, 'deploy', 'systemd', name), 'utf8').split('\n');

test.each([
  ['is restarted at once, always', ['Restart=always', 'RestartSec=0', 'StartLimitIntervalSec=0']],
  ['lets guests outlive it', ['KillMode=process', 'OOMPolicy=continue']],
  ['releases a guest that stands still when it dies', ['ExecStopPost=/opt/ferry/bin/ferry release']],
])('the agent\'s unit %s', (_title, lines) => {
  expect(unit('ferry-agent.service')).toEqual(expect.arrayContaining(lines));
});

test('the control worker\'s unit may write the cluster file system and nothing else', () => {
  expect(unit('ferry-control.service')).toEqual(expect.arrayContaining(['ProtectSystem=strict', 'ReadWritePaths=-/etc/pve']));
});
