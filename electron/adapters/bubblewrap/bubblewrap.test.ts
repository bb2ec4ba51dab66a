import { describeConfinement } from '../../testing/confinement-suite.ts';

describeConfinement(process.getuid?.() === 0 ? 'root' : 'an ordinary user');
