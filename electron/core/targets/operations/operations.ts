import { containerOperations } from './container-operations.ts';
import { fileOperations } from './file-operations.ts';
import { networkOperations } from './network-operations.ts';
import type { Operation } from './operation.ts';
import { securityOperations } from './security-operations.ts';
import { systemOperations } from './system-operations.ts';

/** The one table: everything that can be done on a target. What is not here does not exist. */
export const operations: readonly Operation[] = [
  ...systemOperations,
  ...containerOperations,
  ...networkOperations,
  ...fileOperations,
  ...securityOperations,
];
