import { describe } from 'vitest';
import { describeAllowlist } from '../../testing/allowlist-suite.ts';

describe('the allowlist', describeAllowlist);
