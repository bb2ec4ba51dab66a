import { describeBridge } from '../../testing/bridge-suite.ts';

describeBridge('whoever runs the tests');
