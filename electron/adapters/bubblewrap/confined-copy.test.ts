import { describeConfinedCopy } from '../../testing/confined-copy-suite.ts';

describeConfinedCopy('whoever runs the tests');
