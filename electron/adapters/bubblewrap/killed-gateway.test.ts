import { describeKilledGateway } from '../../testing/killed-gateway-suite.ts';

describeKilledGateway(process.getuid?.() === 0 ? 'root' : 'an ordinary user');
