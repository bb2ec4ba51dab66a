import { describeConfinedView } from '../../testing/confined-view-suite.ts';

describeConfinedView(process.getuid?.() === 0 ? 'root' : 'an ordinary user');
