import { describeInterception } from '../../testing/interception-suite.ts';

describeInterception('whoever runs the tests');
