import { describeFilter } from '../../../testing/seccomp-suite.ts';

describeFilter(process.getuid?.() === 0 ? 'root' : 'an ordinary user');
