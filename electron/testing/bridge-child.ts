import { createFindProgram } from '../adapters/bubblewrap/find-program.ts';
import { createBridge } from '../adapters/egress/bridge.ts';
import { createEgress } from '../adapters/egress/egress.ts';
import { createSystemDialer } from '../adapters/egress/system-dialer.ts';
import { createRunner } from '../adapters/runner/runner.ts';

// A gateway to be killed: it gets a network namespace as descriptor 3 and its user namespace as 4, opens a bridge and prints its port.
const egress = createEgress({
  dialer: createSystemDialer(),
  folder: process.argv[2] ?? '',
  ownPorts: () => [],
  privateHosts: () => [],
  onAuthority: () => Promise.resolve(),
});
await egress.start();
const bridge = createBridge({ runner: createRunner(), egress, findProgram: createFindProgram('/usr/bin:/bin') });
const { port } = await bridge.open({ networkNamespace: 3, userNamespace: 4, domains: ['ok.test'], onEvent: () => undefined });
process.stdout.write(`${port}\n`);
